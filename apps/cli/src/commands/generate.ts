import { generationCreatedSchema, generationEventSchema, TemperError } from '@temper/db/contracts'
import { follow } from '../api/follow.ts'
import { newIdempotencyKey } from '../api/idempotency-key.ts'
import { command } from '../command.ts'

const numbers = ['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'frequencyPenalty', 'maxTokens'] as const

export const generate = command(
  'Let a policy answer a prompt',
  {
    checkpoint: { type: 'positional', required: true, description: 'Id of a checkpoint' },
    prompt: { type: 'positional', required: true, description: 'What the user says' },
    temperature: { type: 'string', description: '0 is greedy' },
    topK: { type: 'string', description: 'Keep the k most likely tokens' },
    topP: { type: 'string', description: 'Keep the smallest set of tokens with this much probability' },
    minP: { type: 'string', description: 'Keep tokens at least this many times as probable as the most likely one' },
    repetitionPenalty: { type: 'string', description: 'Makes tokens seen before less likely; 1 is none' },
    frequencyPenalty: { type: 'string', description: 'Subtracted for each time a token stands in the answer' },
    maxTokens: { type: 'string', description: 'Longest answer, tokens' },
    seed: { type: 'string', default: '0', description: 'The same seed gives the same answer' },
  },
  async ({ args, api, out }) => {
    const given = numbers.filter((name) => args[name] !== undefined).map((name) => [name, Number(args[name])])
    const { checkpoint, prompt } = args
    const body = {
      checkpoint,
      messages: [{ role: 'user', content: prompt }],
      sampling: Object.fromEntries(given),
      seed: Number(args.seed),
    }
    const { id } = await api.post('/v1/generations', body, generationCreatedSchema, newIdempotencyKey())
    for await (const document of follow(api, `/v1/generations/${id}/events`)) {
      const event = generationEventSchema.parse(document)
      if (out.isJson) out.document(event, () => '')
      else if (event.type === 'token') process.stdout.write(event.text)
      else if (event.type === 'done')
        out.say(`\n\n${event.tokens} tokens, ${event.tokensPerSecond.toFixed(1)} a second`)
      if (event.type === 'failed') throw new TemperError('engine_failed', event.message)
      if (event.type === 'done') return
    }
  },
)
