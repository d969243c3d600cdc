import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import { cpu } from './activities.ts'
import type { PauseGate } from './pause-gate.ts'
import type { preferencesStageWorkflow } from './preferences-stage-workflow.ts'
import { skipWaitingSignal, votesArrivedSignal } from './signals.ts'
import type { StageInput } from './stage-input.ts'

/** What the wait needs to know; carried along when the stage goes on in a new history. */
export interface Voting {
  needed: number
  /** Digest of the completions that the comparisons are made of. */
  samples: string
  simulated: boolean
  deadlineAtMs: number | null
  onDeadline: 'continue' | 'fail'
}

/** Votes that come within this are counted together: a busy hour of labelling makes a short history. */
const gatherMs = 1_000
/** A signal can be lost with the process that would send it, so the count is looked up now and then. */
const firstLookMs = 30_000
const longestLookMs = 15 * 60_000

/** What ended or will end the wait. */
interface Wait {
  news: boolean
  skipped: boolean
  failure: unknown
}

/** Waits until the stage has votes enough. Throws `deadline_passed` where the recipe wants a passed deadline to fail. */
export async function collectVotes(voting: Voting, input: StageInput, gate: PauseGate): Promise<void> {
  const wait: Wait = { news: false, skipped: false, failure: undefined }
  setHandler(votesArrivedSignal, () => {
    wait.news = true
  })
  setHandler(skipWaitingSignal, () => {
    wait.skipped = true
  })
  const simulation = new CancellationScope()
  const simulated = voting.simulated
    ? simulation.run(() => simulateVotes(voting, input, gate, wait))
    : Promise.resolve()
  const ended = await waitForVotes(voting, input, gate, wait)
  simulation.cancel()
  await simulated
  if (ended === 'history') {
    await continueAsNew<typeof preferencesStageWorkflow>({ ...input, voting, paused: gate.paused })
  }
}

async function waitForVotes(voting: Voting, input: StageInput, gate: PauseGate, wait: Wait) {
  const { runId, stage } = input
  for (let lookMs = firstLookMs; ; lookMs = wait.news ? firstLookMs : Math.min(lookMs * 2, longestLookMs)) {
    await gate.pass()
    if (wait.news) await sleep(gatherMs)
    wait.news = false
    const { votes } = await cpu.countVotes({ runId, stage, needed: voting.needed })
    if (votes >= voting.needed || wait.skipped) return 'enough'
    if (wait.failure) throw wait.failure
    if (isPast(voting.deadlineAtMs)) return closeAtDeadline(voting, votes)
    if (workflowInfo().continueAsNewSuggested) return 'history'
    const untilDeadlineMs = (voting.deadlineAtMs ?? Number.POSITIVE_INFINITY) - Date.now()
    await condition(() => wait.news || wait.skipped || gate.paused, Math.max(1, Math.min(lookMs, untilDeadlineMs)))
  }
}

function isPast(deadlineAtMs: number | null): boolean {
  return deadlineAtMs !== null && Date.now() >= deadlineAtMs
}

function closeAtDeadline({ needed, onDeadline }: Voting, votes: number): 'enough' {
  if (onDeadline === 'continue') return 'enough'
  throw ApplicationFailure.create({
    type: 'deadline_passed',
    message: `the deadline passed with ${votes} of ${needed} votes; the recipe says onDeadline: fail`,
    details: [{ votes, needed }],
    nonRetryable: true,
  })
}

/** Lets the simulated labelers vote over time; a pause holds them too. They go on where they were: votes have fixed ids. */
async function simulateVotes(voting: Voting, input: StageInput, gate: PauseGate, wait: Wait): Promise<void> {
  const { runId, stage } = input
  const { needed, samples } = voting
  try {
    for (let ended: boolean | undefined; !ended; ) {
      await condition(() => !gate.paused)
      ended = await gate.interruptible(() => cpu.castSimulatedVotes({ runId, stage, needed, samples }))
    }
  } catch (thrown) {
    if (!CancellationScope.current().consideredCancelled) wait.failure = thrown
  }
  wait.news = true
}
