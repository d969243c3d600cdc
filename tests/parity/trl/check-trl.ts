import { join } from 'node:path'
import { pairLossSchema } from '@temper/db/contracts'
import { readJson } from '../read-json.ts'
import { Checks, type Result, section, unsupported } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import type { TrainerKind } from './open-run.ts'
import { runTrainer } from './run-trainer.ts'
import { runsOf, type TrlRun, trlSchema } from './trl-reference.ts'

/** What is compared; TRL logs further values for information. */
const compared = /^(loss|grad_norm|learning_rate|num_tokens|accuracy|margin|mean_token_accuracy|(logps|rewards)\/.*)$/

/** Every run of TRL's own trainers, repeated by the engine's. */
export async function* checkTrl(dir: string): AsyncGenerator<Result> {
  const reference = await readJson(join(dir, 'trl.json'), trlSchema)
  for (const run of runsOf(reference)) {
    const kind = kindOf(run)
    if (kind === undefined) yield unsupported('trl', run.name, 'the engine has no such training')
    else yield section('trl', run.name, () => checkRun(dir, run, kind))
  }
}

/** The trainer of a run; undefined where its settings ask for something that the engine does not have. */
function kindOf({ name, settings }: TrlRun): TrainerKind | undefined {
  if (!['policy', 'reward-init', 'policy + lora-init'].includes(settings.start)) return undefined
  if (settings.lr_scheduler_type !== 'linear' || settings.warmup_steps !== 0) return undefined
  if (/^sft/.test(name)) return 'sft'
  if (/^reward/.test(name)) return 'reward'
  return pairLossSchema.safeParse(settings.loss_type).success ? 'dpo' : undefined
}

async function checkRun(dir: string, run: TrlRun, kind: TrainerKind): Promise<Checks> {
  const { log, firstBatch } = await runTrainer(dir, run, kind)
  const checks = new Checks()
  checks.tokens('first batch', firstBatch.flat(), run.firstBatch.flat())
  for (const [i, expected] of run.log.entries()) {
    for (const [name, value] of Object.entries(expected)) {
      if (!compared.test(name)) continue
      checks.relative(
        `${name} of step ${expected.step}`,
        [log[i]?.[name] ?? Number.NaN],
        [value],
        tolerances.log,
        nearZero(name),
      )
    }
  }
  return checks
}

/** Values below this are compared as if they were this large. Learning rates are small by nature. */
function nearZero(name: string): number {
  return name === 'learning_rate' ? 1e-9 : tolerances.logNearZero / tolerances.log
}
