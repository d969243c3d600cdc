import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { type EngineEvent, type Job, type StageRun, TemperError } from '@temper/db/contracts'
import { getDataset, getRun, type StagePatch, updateStage } from '@temper/db/queries'
import { Context } from '@temporalio/activity'
import type { StageInput } from '../workflows/stage-input.ts'
import type { EngineDependencies, StageRef } from './dependencies.ts'
import { createInputs } from './inputs.ts'
import { runToTheEnd } from './run-on-device.ts'
import { stageOf } from './training-job.ts'
import { writeNewest } from './write-newest.ts'

/** Completions that later activities pair or judge: written by the engine, kept as an artifact, handed on by digest. */
export function createSamplingActivities(deps: EngineDependencies) {
  return {
    async samplePairs(input: StageInput): Promise<{ samples: string }> {
      const run = await getRun(deps.db, input.runId)
      const spec = stageOf(run, input.stage)
      if (spec.type !== 'preferences' || spec.prompts === undefined) throw notOfType(input, 'preferences')
      const inputs = createInputs(deps, run, input.data)
      const dataset = await getDataset(deps.db, input.data[spec.prompts] ?? spec.prompts)
      const samples = await produce(deps, input, { status: 'Sampling pairs', show: inWords }, async (output) => ({
        type: 'sample',
        seed: run.seed,
        model: await inputs.checkpoint(spec.from),
        prompts: await inputs.data(spec.prompts ?? ''),
        limit: spec.pairs,
        // Fewer prompts than pairs: several pairs a prompt.
        completionsPerPrompt: 2 * Math.ceil(spec.pairs / Math.min(spec.pairs, dataset.rows)),
        sampling: spec.sampling,
        output,
      }))
      return { samples }
    },

    async completePrompts(input: StageInput): Promise<{ completions: string }> {
      const run = await getRun(deps.db, input.runId)
      const spec = stageOf(run, input.stage)
      if (spec.type !== 'evaluate') throw notOfType(input, 'evaluate')
      const inputs = createInputs(deps, run, input.data)
      const reward = 'reward' in spec.judge ? spec.judge.reward : spec.reward
      const completions = await produce(
        deps,
        input,
        { status: 'Answering held-out prompts', show: asSteps },
        async (output) => ({
          type: 'evaluate',
          seed: run.seed,
          policies: await checkpoints([...spec.candidates, spec.baseline], inputs.checkpoint),
          baseline: spec.baseline,
          reward: reward === undefined ? undefined : await inputs.checkpoint(reward),
          prompts: await inputs.data(spec.prompts),
          limit: spec.limit,
          sampling: spec.sampling,
          output,
        }),
      )
      return { completions }
    },
  }
}

function notOfType({ stage }: StageRef, type: string): TemperError {
  return new TemperError('internal', `stage '${stage}' is no ${type} stage that samples`)
}

async function checkpoints(stages: string[], locate: (stage: string) => Promise<string>) {
  const dirs: Record<string, string> = {}
  for (const stage of stages) dirs[stage] = await locate(stage)
  return dirs
}

/** What a stage says of its completions: its status before the first, and how it shows how many there are. */
interface Words {
  status: string
  show: (progress: Pick<StageRun, 'step' | 'totalSteps'>, status: string) => StagePatch
}

const asSteps: Words['show'] = ({ step, totalSteps }) => ({ step, totalSteps })
/** The steps of a preferences stage are its votes. */
const inWords: Words['show'] = ({ step, totalSteps }, status) => ({
  status: `${status}: ${step} of ${totalSteps} answers`,
})

/** Runs a job that writes one file, and stores the file. Returns its digest. */
async function produce(
  { db, store, device, scratchDir }: EngineDependencies,
  { runId, stage }: StageRef,
  { status, show }: Words,
  describe: (output: string) => Promise<Job>,
): Promise<string> {
  const dir = path.join(scratchDir, runId, stage)
  const output = path.join(dir, 'output.jsonl')
  await mkdir(dir, { recursive: true })
  await updateStage(db, runId, stage, { status })
  const { log } = Context.current()
  const progress = writeNewest(
    (patch: StagePatch) => updateStage(db, runId, stage, patch),
    (error) => log.warn('the progress of a job was not shown', { runId, stage, error }),
  )
  const onEvent = (event: EngineEvent) => {
    if (event.type === 'progress') progress.show(show(event, status))
  }
  try {
    await runToTheEnd(device, await describe(output), { onEvent })
  } finally {
    // Before anybody writes how the stage ended: a status that comes after it would stay.
    await progress.settle()
  }
  const { sha256 } = await store.put(createReadStream(output))
  await rm(dir, { recursive: true, force: true })
  return sha256
}
