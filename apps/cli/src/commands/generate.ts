import { type ChatAnswer, chatAnswerSchema, chatPieceSchema, openaiRefusal } from '@temper/db/contracts'
import { eventsOf } from '../api/follow.ts'
import { command } from '../command.ts'
import type { Output } from '../output.ts'

/** Options by the names that the API has for them. */
const settings = {
  temperature: 'temperature',
  topK: 'top_k',
  topP: 'top_p',
  minP: 'min_p',
  repetitionPenalty: 'repetition_penalty',
  frequencyPenalty: 'frequency_penalty',
  maxTokens: 'max_tokens',
  beams: 'best_of',
  lengthPenalty: 'length_penalty',
  seed: 'seed',
} as const

export const generate = command(
  'Let a policy answer a prompt',
  {
    checkpoint: { type: 'positional', required: true, description: 'Id of a checkpoint, or the name of a model' },
    prompt: { type: 'positional', required: true, description: 'What the user says' },
    temperature: { type: 'string', description: '0 is greedy; 1 unless given' },
    topK: { type: 'string', description: 'Keep the k most likely tokens' },
    topP: { type: 'string', description: 'Keep the smallest set of tokens with this much probability' },
    minP: { type: 'string', description: 'Keep tokens at least this many times as probable as the most likely one' },
    repetitionPenalty: { type: 'string', description: 'Makes tokens seen before less likely; 1 is none' },
    frequencyPenalty: { type: 'string', description: 'Subtracted for each time a token stands in the answer' },
    maxTokens: { type: 'string', description: 'Longest answer, tokens; 1024 unless given' },
    beams: { type: 'string', description: 'Search for the likeliest answer with this many beams instead of sampling' },
    lengthPenalty: {
      type: 'string',
      description: 'Of a beam search: above 1 favours long answers, below 1 short ones',
    },
    seed: { type: 'string', default: '0', description: 'The same seed gives the same answer' },
  },
  async ({ args, api, out }) => {
    const names = Object.keys(settings) as (keyof typeof settings)[]
    const given = names.filter((name) => args[name] !== undefined).map((name) => [settings[name], Number(args[name])])
    const searches = args.beams !== undefined
    const body = {
      model: args.checkpoint,
      messages: [{ role: 'user', content: args.prompt }],
      ...(searches ? { use_beam_search: true } : { stream: true, stream_options: { include_usage: true } }),
      ...Object.fromEntries(given),
    }
    const path = '/v1/chat/completions'
    if (searches) sayWhole(await api.post(path, body, chatAnswerSchema), out)
    else await sayPieces(await api.send(path, { method: 'POST', body }), out)
  },
)

function sayWhole(answer: ChatAnswer, out: Output): void {
  const texts = answer.choices.map(({ message }) => message.content)
  out.document(answer, () => `${texts.join('\n\n')}\n\n${answer.usage.completion_tokens} tokens`)
}

/** Text as it comes, then how fast it came. */
async function sayPieces(response: Response, out: Output): Promise<void> {
  let firstAtMs = 0
  for await (const { data } of eventsOf(response)) {
    if (data === '[DONE]') return
    const document: unknown = JSON.parse(data)
    const refusal = openaiRefusal(document)
    if (refusal) throw refusal
    const piece = chatPieceSchema.parse(document)
    firstAtMs ||= performance.now()
    if (out.isJson) out.document(piece, () => '')
    else process.stdout.write(piece.choices[0]?.delta.content ?? '')
    const tokens = piece.usage?.completion_tokens
    const seconds = (performance.now() - firstAtMs) / 1000
    if (tokens !== undefined && !out.isJson) out.say(`\n\n${tokens} tokens, ${(tokens / seconds).toFixed(1)} a second`)
  }
}
