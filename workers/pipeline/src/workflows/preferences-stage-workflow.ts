import { cpu, train } from './activities.ts'
import { collectVotes, type Voting } from './collect-votes.ts'
import { createPauseGate } from './pause-gate.ts'
import type { StageInput } from './stage-input.ts'

export type PreferencesInput = StageInput & { voting?: Voting }

/**
 * Judged pairs for reward models and DPO: imported ones, or completions sampled two by two that people vote on. Votes
 * live in the database, the history holds counts only. The wait ends with enough votes, a passed deadline or a signal.
 */
export async function preferencesStageWorkflow(input: PreferencesInput): Promise<void> {
  const gate = createPauseGate(input)
  await gate.pass()
  const voting = input.voting ?? (await openVoting(input))
  if (voting) await collectVotes(voting, input, gate)
  await cpu.exportPairs({ runId: input.runId, stage: input.stage, data: input.data })
}

/** Makes the comparisons; null for imported pairs, which were judged elsewhere. */
async function openVoting(input: StageInput): Promise<Voting | null> {
  if ((await cpu.pairSource(input)) === 'imported') return null
  const { samples } = await train.samplePairs(input)
  const { deadlineMinutes, ...opened } = await cpu.openComparisons({ ...input, samples })
  return { ...opened, deadlineAtMs: deadlineMinutes === null ? null : Date.now() + deadlineMinutes * 60_000 }
}
