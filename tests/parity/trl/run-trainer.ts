import { pairLossSchema } from '@temper/db/contracts'
import { toBatch } from '@temper/engine/data'
import { DpoTrainer, EpochSource, RewardTrainer, SupervisedTrainer } from '@temper/engine/trainers'
import { type OpenRun, openRun, type TrainerKind } from './open-run.ts'
import type { TrlRun } from './trl-reference.ts'

export interface RunResult {
  /** Metrics of each step. */
  log: Record<string, number>[]
  /** Ids of the first step's first pass, as the trainer was given them. */
  firstBatch: number[][]
}

/** Trains as many steps as the reference logged, through the trainer that ships. */
export async function runTrainer(dir: string, run: TrlRun, kind: TrainerKind): Promise<RunResult> {
  const open = await openRun(dir, run, kind)
  const trainer = await createTrainer(open, run, kind)
  try {
    await trainer.prepare()
    const log: Record<string, number>[] = []
    for (let step = 0; step < run.log.length; step++) log.push(await trainer.advance())
    return { log, firstBatch: firstBatchOf(open, kind) }
  } finally {
    trainer.close()
  }
}

async function createTrainer(open: OpenRun, { settings }: TrlRun, kind: TrainerKind) {
  const heldOut: OpenRun['pairs'] = []
  switch (kind) {
    case 'sft':
      return new SupervisedTrainer({
        ...open,
        settings: { ...open.settings, keep: 'last' },
        batches: (step) => batchesOf(open, step),
        nowMs: () => performance.now(),
      })
    case 'reward': {
      const centerRewardsCoefficient = settings.center_rewards_coefficient
      return new RewardTrainer({
        ...open,
        heldOut,
        settings: { ...open.settings, margin: 'none', ties: 'half', centerRewardsCoefficient },
      })
    }
    case 'dpo':
      return new DpoTrainer({
        ...open,
        heldOut,
        settings: {
          ...open.settings,
          ties: 'drop',
          loss: pairLossSchema.parse(settings.loss_type),
          beta: settings.beta,
          labelSmoothing: settings.label_smoothing,
          lengthNormalize: false,
          sftWeight: 0,
          desirableWeight: 1,
          undesirableWeight: 1,
          evaluateEverySteps: settings.max_steps,
        },
      })
  }
}

/** Rows of one step in file order, a pass each of `batchSize`, one conversation a row. */
function batchesOf({ pairs, rowLength, settings }: OpenRun, step: number) {
  const { batchSize } = settings
  const passes = new EpochSource(pairs, 'sequential').passesOf(step, settings)
  return passes.map((pass) => {
    const rows = pass.map(({ chosen }) => [chosen])
    return toBatch(rows, { rowLength, rows: batchSize, lossTokens: batchSize * rowLength })
  })
}

/** Chosen answers first, then rejected ones, as TRL lays out pairs. */
function firstBatchOf({ pairs, settings }: OpenRun, kind: TrainerKind): number[][] {
  const used = pairs.slice(0, settings.batchSize)
  const chosen = used.map((pair) => pair.chosen.ids)
  return kind === 'sft' ? chosen : [...chosen, ...used.map((pair) => pair.rejected.ids)]
}
