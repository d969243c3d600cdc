import { endedStageStates, type RunState, type StageRun, type StageState, wordsOfMetric } from '@temper/db/contracts'
import { formatNumber, formatPercent } from './format.ts'

/** The colour of a stage type, as a CSS variable; what is no stage (an import) is neutral. */
export function stageColor(stageType: string): string {
  const own = ['pretrain', 'sft', 'preferences', 'reward', 'ppo', 'grpo', 'rloo', 'dpo', 'evaluate']
  if (stageType === 'release') return 'var(--evaluate)'
  return own.includes(stageType) ? `var(--${stageType})` : 'var(--muted)'
}

export const stateWords: Record<RunState | StageState, string> = {
  queued: 'Queued',
  waiting: 'Waiting',
  running: 'Running',
  paused: 'Paused',
  failed: 'Failed',
  done: 'Done',
  cancelled: 'Cancelled',
  skipped: 'Skipped',
}

/** Whether anything of it can still change. */
export function isLive(state: RunState | StageState): boolean {
  return !endedStageStates.some((ended) => ended === state)
}

/** Of a preferences stage: its steps are votes, and it waits for none before its pairs are there. */
export function isVotingOpen({ state, totalSteps }: Pick<StageRun, 'state' | 'totalSteps'>): boolean {
  return isLive(state) && totalSteps > 0
}

/** What results call shares; of metrics, their words say it. */
const shares = /(^|[/_ ])(accuracy(_low|_high)?|agreement|calibration_error|win.?rate|properEndings|share)$/i

/** A metric's value in the unit people think in: shares as percentages. */
export function formatMetric(name: string, value: number): string {
  const isShare = wordsOfMetric(name)?.share ?? shares.test(name)
  return isShare && Math.abs(value) <= 1 ? formatPercent(value, 1) : formatNumber(value)
}

/** What of a run is worth a glance: the stage that runs, else the one that stopped it, else the last with a number. */
export function tellingStage(stages: readonly StageRun[]): StageRun | undefined {
  const byState = (state: StageState) => stages.find((stage) => stage.state === state)
  const running = byState('running') ?? byState('paused') ?? byState('failed')
  const done = stages.filter((stage) => stage.state === 'done' && stage.headline !== null)
  return running ?? done.toSorted((a, b) => (a.finishedAt ?? '').localeCompare(b.finishedAt ?? '')).at(-1) ?? stages[0]
}
