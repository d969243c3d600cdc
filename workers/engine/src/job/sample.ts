import { type JobOf, promptSourceRowSchema, type SampleRow } from '@temper/db/contracts'
import { addStoredRole } from '../checkpoint/index.ts'
import { readRows, writeRows } from '../data/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import type { JobContext } from '../trainers/index.ts'
import { completePrompts, toRow } from './complete-prompts.ts'
import { openPolicy } from './open-policy.ts'

/** Samples `completionsPerPrompt` completions of each prompt and writes them, a line a prompt. */
export async function sampleCompletions(job: JobOf<'sample'>, context: JobContext): Promise<void> {
  const { completionsPerPrompt: count, sampling, seed } = job
  const all = await readRows(job.prompts, promptSourceRowSchema)
  const prompts = all.slice(0, job.limit ?? all.length)
  const policy = await openPolicy(job.model)
  const program = new TracedProgram()
  try {
    await addStoredRole(program, 'policy', job.model, policy.model)
    const repeated = prompts.flatMap((prompt) => Array.from({ length: count }, () => prompt))
    const options = { sampling, seed, phase: 'sampling' }
    const completions = await completePrompts({ ...policy, program, role: 'policy' }, repeated, options, context)
    const rows = prompts.map(({ messages }, index): SampleRow => {
      return { prompt: messages, completions: completions.slice(index * count, (index + 1) * count).map(toRow) }
    })
    await writeRows(job.output, rows)
  } finally {
    program.close()
  }
  const step = prompts.length
  context.emit({ type: 'done', outcome: 'finished', step, totalSteps: step, result: { prompts: step } })
}
