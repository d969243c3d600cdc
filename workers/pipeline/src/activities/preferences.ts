import {
  type PreferenceRow,
  preferenceRowSchema,
  type StageOf,
  sampleRowSchema,
  TemperError,
} from '@temper/db/contracts'
import {
  appendEvent,
  closeVoting,
  createComparisons,
  getDataset,
  getRun,
  judgedPairs,
  openVoting,
  type RunRecord,
  updateStage,
  voteCounts,
} from '@temper/db/queries'
import type { StageInput } from '../workflows/stage-input.ts'
import type { Dependencies, StageRef } from './dependencies.ts'
import { heldOutPairs } from './held-out-pairs.ts'
import { checkpointOf } from './inputs.ts'
import { readArtifactRows, writeArtifactRows } from './jsonl.ts'
import { pairUp } from './pair-up.ts'
import { preferenceRow } from './preference-row.ts'
import { reportVotes } from './report-votes.ts'
import { stageOf } from './training-job.ts'

/** From completions or an imported file, over votes, to judged pairs that the engine reads. */
export function createPreferenceActivities(deps: Dependencies) {
  const { db, store } = deps
  return {
    async pairSource({ runId, stage }: StageInput): Promise<'imported' | 'sampled'> {
      return preferencesOf(await getRun(db, runId), stage).data === undefined ? 'sampled' : 'imported'
    },

    /** Makes the comparisons, once, and takes votes from now on. */
    async openComparisons({ runId, stage, samples }: StageInput & { samples: string }) {
      const run = await getRun(db, runId)
      const spec = preferencesOf(run, stage)
      const { comparisons, identical } = await pairedSamples(deps, run, stage, samples)
      if (comparisons.length === 0) {
        throw new TemperError(
          'conflict',
          `all ${identical} pairs of completions are identical: raise sampling.temperature`,
        )
      }
      const checkpointId = await checkpointOf(deps, run, spec.from)
      await createComparisons(db, { runId, stage, checkpointId, pairs: comparisons })
      const needed = spec.minVotes ?? comparisons.length * spec.votesPerPair
      await openVoting(db, runId, stage, needed)
      const message = `${comparisons.length} pairs are open for votes${identical > 0 ? `; ${identical} identical ones were left out` : ''}`
      await appendEvent(db, { runId, stage, kind: 'votes', message, data: { needed }, key: `${stage}:opened` })
      const { deadlineMinutes = null, onDeadline } = spec
      return { needed, samples, simulated: spec.simulated !== undefined, deadlineMinutes, onDeadline }
    },

    async countVotes({ runId, stage, needed }: StageRef & { needed: number }): Promise<{ votes: number }> {
      return reportVotes(db, { runId, stage }, needed)
    },

    /** Takes no more votes and writes the judged pairs, train and held out, for the stages that learn from them. */
    async exportPairs({ runId, stage, data }: StageInput): Promise<void> {
      const run = await getRun(db, runId)
      const spec = preferencesOf(run, stage)
      const judged =
        spec.data === undefined ? await votedPairs(deps, { runId, stage }) : await importedPairs(deps, run, spec, data)
      const [pairs, heldOut] = [judged.filter((pair) => !pair.heldOut), judged.filter((pair) => pair.heldOut)]
      if (pairs.length === 0) {
        throw new TemperError('conflict', `stage '${stage}' has no judged pair to train on: it needs votes`, {
          details: { judged: judged.length },
        })
      }
      const result = {
        pairs: pairs.length,
        heldOut: heldOut.length,
        ties: judged.filter(({ row }) => row.tie).length,
        bothBad: judged.filter(({ row }) => row.bothBad).length,
        ...(spec.data === undefined ? await voteSummary(deps, { runId, stage }) : {}),
        pairsArtifact: await writeArtifactRows(
          store,
          pairs.map(({ row }) => row),
        ),
        heldOutArtifact: await writeArtifactRows(
          store,
          heldOut.map(({ row }) => row),
        ),
      }
      const status = `${pairs.length} pairs to train on, ${heldOut.length} held out`
      await updateStage(db, runId, stage, { result, status })
    },
  }
}

export function preferencesOf(run: RunRecord, stage: string): StageOf<'preferences'> {
  const spec = stageOf(run, stage)
  if (spec.type === 'preferences') return spec
  throw new TemperError('internal', `stage '${stage}' is no preferences stage`)
}

/** The pairs of a stage in their positions: the same from the same completions, whoever asks. */
export async function pairedSamples({ store }: Dependencies, run: RunRecord, stage: string, samples: string) {
  const rows = await readArtifactRows(store, samples, sampleRowSchema)
  const { pairs, heldOut } = preferencesOf(run, stage)
  if (typeof heldOut === 'string')
    throw new TemperError('internal', `sampled pairs of '${stage}' have no file to test on`)
  return pairUp(rows, { pairs, heldOut, seed: run.seed })
}

interface SplitRow {
  row: PreferenceRow
  heldOut: boolean
}

/** Closing waits for votes being cast, so none is left out. */
async function votedPairs({ db }: Dependencies, { runId, stage }: StageRef): Promise<SplitRow[]> {
  await closeVoting(db, runId, stage)
  return (await judgedPairs(db, runId, stage)).map((pair) => ({ row: preferenceRow(pair), heldOut: pair.heldOut }))
}

async function importedPairs(
  { db, store }: Dependencies,
  run: RunRecord,
  spec: StageOf<'preferences'>,
  data: Record<string, string>,
): Promise<SplitRow[]> {
  const read = async (name: string) =>
    readArtifactRows(store, (await getDataset(db, data[name] ?? '')).sha256, preferenceRowSchema)
  const rows = await read(spec.data ?? '')
  if (typeof spec.heldOut === 'string') {
    const tested = (await read(spec.heldOut)).map((row) => ({ row, heldOut: true }))
    return [...rows.map((row) => ({ row, heldOut: false })), ...tested]
  }
  const prompts = rows.map((row) => JSON.stringify(row.prompt))
  const heldOut = heldOutPairs(prompts, spec.heldOut, run.seed)
  return rows.map((row, index) => ({ row, heldOut: heldOut[index] ?? false }))
}

async function voteSummary({ db }: Dependencies, { runId, stage }: StageRef) {
  const { votes, labelers, agreement } = await voteCounts(db, runId, stage)
  return { votes, labelers, agreement }
}
