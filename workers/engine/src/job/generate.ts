import type { JobOf } from '@temper/db/contracts'
import { Generator } from '../generation/index.ts'
import { addRole } from '../models/index.ts'
import { encodePrompt } from '../tokenizer/index.ts'
import { type Program, TracedProgram } from '../tracing/index.ts'
import { type JobContext, type Start, startFromCheckpoint } from '../trainers/index.ts'

/** Answers one prompt, reporting its text as it grows. */
export async function generateText(job: JobOf<'generate'>, context: JobContext): Promise<void> {
  const policy = await startFromCheckpoint(job.model)
  const program = new TracedProgram()
  try {
    await addRole(program, 'policy', policy.model, policy.tensors)
    await stream(policy, program, job, context)
  } finally {
    program.close()
  }
}

async function stream(policy: Start, program: Program, job: JobOf<'generate'>, context: JobContext): Promise<void> {
  const { tokenizer, model } = policy
  const stopIds = tokenizer.stopIds
  // Prompt and completion share the context: a wish that fills it leaves the prompt half.
  const room = Math.max(model.contextLength - job.sampling.maxTokens, Math.ceil(model.contextLength / 2))
  const prompt = encodePrompt(tokenizer, job.messages, room)
  const maxTokens = Math.min(job.sampling.maxTokens, model.contextLength - prompt.length)
  const decoder = tokenizer.streamDecoder({ skipSpecialTokens: true })
  const startedMs = context.nowMs()
  const [completion] = await new Generator(program, model, 'policy', 1).generate({
    prompts: [prompt],
    sampling: { ...job.sampling, maxTokens },
    stopIds,
    seed: job.seed,
    onToken: (_, ids) => {
      const id = ids.at(-1)
      const text = id === undefined || stopIds.includes(id) ? '' : decoder.push(id)
      context.emit({ type: 'token', text, tokens: ids.length })
      return !context.stopRequested()
    },
  })
  const tokens = completion?.ids.length ?? 0
  const rest = decoder.end()
  if (rest !== '') context.emit({ type: 'token', text: rest, tokens })
  const tokensPerSecond = tokens / ((context.nowMs() - startedMs) / 1000)
  const outcome = context.stopRequested() ? 'stopped' : 'finished'
  const result = { tokens, tokensPerSecond, endedProperly: completion?.stopped ? 1 : 0 }
  context.emit({ type: 'done', outcome, step: tokens, totalSteps: tokens, result })
}
