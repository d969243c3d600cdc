import { stageWorkflowId, workflowSignals } from '@temper/db/contracts'
import { castVote, digestId, listComparisons, type NewVote, type StoredComparison } from '@temper/db/queries'
import type { TestSystem } from './test-system.ts'

/** A labeler whose votes follow from the pair alone: the longer completion, a tie where both are as long. */
export function voteOn({ id, completionA, completionB }: StoredComparison): NewVote {
  const difference = completionA.length - completionB.length
  const choice = difference === 0 ? 'tie' : difference > 0 ? 'a' : 'b'
  return {
    voteId: digestId('vote', id),
    comparisonId: id,
    labeler: 'mem_tester',
    choice,
    strength: 1,
    seconds: 1,
    note: '',
  }
}

/** Commits votes one by one, and tells the workflow as the API does: a signal that gets lost loses no vote. */
export async function castVotes(
  system: TestSystem,
  runId: string,
  stage: string,
  from: number,
  to?: number,
): Promise<number> {
  const comparisons = (await listComparisons(system.db, runId, stage)).slice(from, to)
  for (const comparison of comparisons) await castVote(system.db, voteOn(comparison))
  await system.client.workflow.getHandle(stageWorkflowId(runId, stage)).signal(workflowSignals.votesArrived)
  return comparisons.length
}
