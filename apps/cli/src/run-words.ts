import type { Run, RunEvent } from '@temper/db/contracts'
import { fields, table } from './output.ts'

export function describeRun(run: Run): string {
  const { id, name, state, status, seed, createdAt, finishedAt, failure, temporalUrl } = run
  const stages = run.stages.map((stage) => [
    stage.name,
    stage.type,
    stage.state,
    stage.totalSteps === 0 ? '' : `${stage.step}/${stage.totalSteps}`,
    stage.headline === null ? '' : `${stage.headline.metric} ${stage.headline.value.toPrecision(4)}`,
    stage.status,
  ])
  const values = { id, name, state, status, seed, created: createdAt, finished: finishedAt, temporal: temporalUrl }
  const failed = failure === null ? [] : [`\n${failure.code}: ${failure.message}`]
  return [fields(values), '', table(['stage', 'type', 'state', 'step', 'headline', 'status'], stages), ...failed].join(
    '\n',
  )
}

/** `12:30:01  sft  Samples at step 100` */
export function describeEvent({ at, stage, message }: RunEvent): string {
  return [new Date(at).toTimeString().slice(0, 8), stage, message].filter((part) => part !== null).join('  ')
}
