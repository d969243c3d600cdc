import type { StageOf, VoteChoice } from '@temper/db/contracts'
import {
  castVote,
  comparisonId,
  digestId,
  getRun,
  type NewComparison,
  type NewVote,
  type RunRecord,
  standingVotes,
} from '@temper/db/queries'
import { Context } from '@temporalio/activity'
import { requestOf, simulateVote, tastes } from '../simulation/index.ts'
import type { Dependencies, StageRef } from './dependencies.ts'
import { pairedSamples, preferencesOf } from './preferences.ts'
import { reportVotes } from './report-votes.ts'
import { heartbeat } from './supervise.ts'

type Simulated = NonNullable<StageOf<'preferences'>['simulated']>

/** Votes come in bursts of this length. */
const burstMs = 500
/** Slow labelers vote for days; an activity that ends now and then can be retried from near where it was. */
const longestMs = 10 * 60_000

export function createSimulatedVoteActivities(deps: Dependencies) {
  return {
    /**
     * Lets simulated labelers vote, `votesPerSecond`, until every comparison has its votes; people's votes count too. A
     * vote is a function of run, comparison and labeler, its id too: whatever happens on the way, the same votes stand.
     * Returns false where more are to cast
     * than one activity should take time for.
     */
    async castSimulatedVotes(input: StageRef & { needed: number; samples: string }): Promise<boolean> {
      const { runId, stage, needed, samples } = input
      const run = await getRun(deps.db, runId)
      const { simulated, votesPerPair } = preferencesOf(run, stage)
      if (!simulated) return true
      const { comparisons } = await pairedSamples(deps, run, stage, samples)
      const standing = await standingVotes(deps.db, runId, stage)
      const votes = comparisons.flatMap((pair, position) => {
        const id = comparisonId(runId, stage, position)
        return missingVotes(votesPerPair, simulated, position, standing.get(id) ?? []).map((labeler) =>
          voteOf(run, simulated, { pair, position, labeler, comparisonId: id }),
        )
      })
      return castOverTime(deps, votes, simulated.votesPerSecond, () => reportVotes(deps.db, { runId, stage }, needed))
    },
  }
}

/** Numbers of the labelers who still have to vote, always the same ones for a comparison. */
function missingVotes(
  votesPerPair: number,
  { taste, labelers }: Simulated,
  position: number,
  voters: string[],
): number[] {
  const planned = Array.from({ length: Math.min(votesPerPair, labelers) }, (_, index) => (position + index) % labelers)
  const open = planned.filter((labeler) => !voters.includes(labelerName(taste, labeler)))
  return open.slice(0, Math.max(0, votesPerPair - voters.length))
}

function labelerName(taste: string, labeler: number): string {
  return `simulated:${taste}-${labeler + 1}`
}

interface Ballot {
  pair: NewComparison
  position: number
  labeler: number
  comparisonId: string
}

function voteOf(run: RunRecord, simulated: Simulated, { pair, position, labeler, comparisonId }: Ballot): NewVote {
  const { taste, noise, tieMargin } = simulated
  const request = requestOf(pair.prompt)
  const scores = {
    left: tastes[taste].score(request, { text: pair.completionA, endedProperly: pair.endedA }),
    right: tastes[taste].score(request, { text: pair.completionB, endedProperly: pair.endedB }),
  }
  const { choice, strength } = simulateVote(scores, { noise, tieMargin, seed: run.seed, labeler, comparison: position })
  return {
    voteId: digestId('vote', comparisonId, labeler),
    comparisonId,
    labeler: labelerName(taste, labeler),
    choice: bySide[choice],
    strength,
    seconds: 0,
    note: '',
  }
}

/** Simulated labelers see completion a on the left. */
const bySide = { left: 'a', right: 'b', tie: 'tie', both_bad: 'both_bad' } as const satisfies Record<VoteChoice, string>

async function castOverTime(deps: Dependencies, votes: NewVote[], perSecond: number, report: () => Promise<unknown>) {
  const endMs = Date.now() + longestMs
  const burst = Math.max(1, Math.round((perSecond * burstMs) / 1000))
  for (let first = 0; first < votes.length; first += burst) {
    for (const vote of votes.slice(first, first + burst)) await castVote(deps.db, vote)
    heartbeat({ votes: Math.min(first + burst, votes.length) })
    await report()
    if (first + burst >= votes.length) return true
    if (Date.now() > endMs) return false
    await Context.current().sleep((burst / perSecond) * 1000)
  }
  return true
}
