import { conversationRowSchema, type JobOf, TemperError, textRowSchema } from '@temper/db/contracts'
import {
  bucket,
  conversationSequence,
  countTargets,
  coverRows,
  encodeStream,
  joinStreams,
  type PackedBatch,
  packSequences,
  type Row,
  type Sequence,
  streamRow,
  textSequences,
  toBatch,
} from '../data/index.ts'
import type { Model } from '../models/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BatchSettings } from './epoch-source.ts'
import { type BatchSource, sourceOf, type WeightedItems, weightedIndex } from './mixed-source.ts'
import { openingsOf, type PromptChoice, promptsOf } from './prompt-samples.ts'
import { rowLengthFor } from './row-length.ts'
import { spread } from './spread.ts'
import type { SupervisedPlan } from './supervised.ts'
import { readSupervisedRows, type SupervisedRows, splitOff, trainedCount } from './supervised-data.ts'

/** Rows from the beginning of each source that may be shown. */
const shownRows = 32
/** Held-out tokens that one look at val_loss reads at most. */
const validationTokens = 65_536

type ShownPlan = SupervisedPlan & { choice: PromptChoice }

export async function planSft(job: JobOf<'sft'>, model: Model, tokenizer: Tokenizer): Promise<ShownPlan> {
  const { settings } = job
  const { epochs, packing, lossOn } = settings
  const maxLength = Math.min(settings.maxLength, model.contextLength)
  const read = await readSupervisedRows(job, conversationRowSchema)
  const encoded = mapRows(read, ({ messages }, dataRow) => ({
    ...conversationSequence(tokenizer, messages, maxLength, lossOn),
    dataRows: [dataRow],
  }))
  const all = [...encoded.sources.flatMap(({ files }) => files.flat()), ...encoded.validation]
  const rowLength = packing ? maxLength : rowLengthFor(all, maxLength)
  const rowsOf = (sequences: readonly Sequence[]): Row[] =>
    packing ? packSequences(sequences, { rowLength }) : sequences.map((sequence) => [sequence])
  const { sources, heldOut } = rowSources(job, encoded, rowsOf)
  const source = sourceOf(sources, job.seed)
  const prompts = rowSources(job, read, (part) =>
    promptsOf(
      tokenizer,
      part.map(({ messages }) => messages.slice(0, -1)),
    ),
  )
  return {
    choice: { heldOut: prompts.heldOut, firstRows: prompts.sources.flatMap(({ items }) => items) },
    totalSteps: source.stepsOf(epochs, settings),
    batches: (step) => packedBatches(source, rowLength, settings, step),
    ...validationOf(job, heldOut, rowLength),
  }
}

export async function planPretrain(job: JobOf<'pretrain'>, model: Model, tokenizer: Tokenizer): Promise<ShownPlan> {
  const texts = mapRows(await readSupervisedRows(job, textRowSchema), ({ text }, dataRow) => ({
    text,
    dataRow,
  }))
  const rowLength = Math.min(job.settings.rowLength, model.contextLength)
  const plan = job.settings.documents === 'stream' ? planStream : planLines
  const { batches, heldOut, firstRows } = plan(texts, rowLength, tokenizer, job)
  const choice = { heldOut: openingsOf(tokenizer, heldOut), firstRows: openingsOf(tokenizer, firstRows) }
  return { totalSteps: job.settings.steps, batches, choice, ...validationOf(job, heldOut, rowLength) }
}

/** A text with the number of its row, from 1, through all sources in their order. */
interface NumberedText {
  text: string
  dataRow: number
}

type RowsPlan = Pick<SupervisedPlan, 'batches'> & { heldOut: readonly Row[]; firstRows: readonly Row[] }

/** Every row of the data is a document that ends with the end token; the last documents are held out. */
function planLines(
  texts: SupervisedRows<NumberedText>,
  rowLength: number,
  tokenizer: Tokenizer,
  job: JobOf<'pretrain'>,
): RowsPlan {
  const rowsOf = (part: readonly NumberedText[]) =>
    packSequences(
      part.flatMap(({ text, dataRow }) =>
        textSequences(tokenizer, text, rowLength).map((sequence) => ({ ...sequence, dataRows: [dataRow] })),
      ),
      { rowLength },
    )
  const { sources, heldOut } = rowSources(job, texts, rowsOf)
  const source = sourceOf(sources, job.seed)
  const firstRows = sources.flatMap(({ items }) => items.slice(0, shownRows))
  return { batches: (step) => packedBatches(source, rowLength, job.settings, step), heldOut, firstRows }
}

/** Each source is one long text; rows start at random places, as in nanoGPT. The end of each of its files is held out. */
function planStream(
  texts: SupervisedRows<NumberedText>,
  rowLength: number,
  tokenizer: Tokenizer,
  job: JobOf<'pretrain'>,
): RowsPlan {
  const { settings, seed, validation } = job
  const streams = texts.sources.map(({ files, weight }) => {
    const parts = files.map((items) => {
      const stream = encodeStream(tokenizer, items.map(({ text }) => text)) // biome-ignore format: one call
      const at = trainedCount(stream.ids.length, validation)
      return { trained: { ...stream, ids: stream.ids.subarray(0, at) }, heldOut: stream.ids.subarray(at) }
    })
    const trained = joinStreams(parts.map((part) => part.trained), tokenizer.eosId) // biome-ignore format: one call
    return { trained, heldOut: parts.map((part) => part.heldOut), weight, firstRow: files[0]?.[0]?.dataRow ?? 1 }
  })
  const weights = streams.map(({ weight }) => weight)
  const { batchSize, gradientAccumulation } = settings
  // By their number in the step, so that a step split into more passes draws the same rows.
  const rowAt = (step: number, index: number): Row => {
    const place = [step, 0, index]
    const { trained, firstRow } = streams[weightedIndex(weights, seed, ...place)] as (typeof streams)[number]
    return streamRow(trained, rowLength, seed, ...place).map((sequence) => ({
      ...sequence,
      dataRows: sequence.dataRows?.map((row) => row + firstRow - 1),
    }))
  }
  const rows = (step: number, pass: number) =>
    Array.from({ length: batchSize }, (_, i) => rowAt(step, pass * batchSize + i))
  const validationTexts = texts.validation.map(({ text }) => text)
  const looked =
    typeof validation === 'string' ? [encodeStream(tokenizer, validationTexts).ids] : streams.flatMap((s) => s.heldOut)
  return {
    batches: (step) =>
      Array.from({ length: gradientAccumulation }, (_, pass) => fullBatch(rows(step, pass), rowLength, batchSize)),
    firstRows: streams.flatMap(({ trained }) =>
      coverRows(trained.ids.subarray(0, shownRows * rowLength + 1), rowLength),
    ),
    heldOut: looked.flatMap((ids) => coverRows(ids, rowLength)),
  }
}

/** `map` is told the number of each row, from 1, through all sources in their order; held-out files count from 1 again. */
function mapRows<A, B>(
  { sources, validation }: SupervisedRows<A>,
  map: (row: A, dataRow: number) => B,
): SupervisedRows<B> {
  let dataRow = 0
  return {
    sources: sources.map(({ files, weight }) => ({
      files: files.map((items) => items.map((row) => map(row, ++dataRow))),
      weight,
    })),
    validation: validation.map((row, i) => map(row, i + 1)),
  }
}

/** Every source laid into rows, without the held-out ends of its files; and what is held out, as rows too. */
function rowSources<T, R>(
  job: JobOf<'pretrain' | 'sft'>,
  { sources, validation }: SupervisedRows<T>,
  rowsOf: (items: readonly T[]) => R[],
): { sources: WeightedItems<R>[]; heldOut: R[] } {
  const parts = sources.map(({ files, weight }) => ({ ...splitOff(files, job), weight }))
  const heldOut = typeof job.validation === 'string' ? validation : parts.flatMap((part) => part.heldOut)
  return {
    sources: parts.map(({ trained, weight }) => ({ items: rowsOf(trained), weight })),
    heldOut: rowsOf(heldOut),
  }
}

function packedBatches(source: BatchSource<Row>, rowLength: number, settings: BatchSettings, step: number) {
  return source.passesOf(step, settings).map((rows) => fullBatch(rows, rowLength, settings.batchSize))
}

/** Rows in one shape, with room for as many trained tokens as they have: few sizes, for each is compiled. */
function fullBatch(rows: readonly Row[], rowLength: number, batchSize: number): PackedBatch {
  const trained = rows.flat().reduce((sum, sequence) => sum + countTargets(sequence), 0)
  return toBatch(rows, { rows: batchSize, rowLength, lossTokens: Math.min(bucket(trained, 2), batchSize * rowLength) })
}

/** Nothing where the job asks for no validation. */
function validationOf(
  { validation, settings }: JobOf<'pretrain' | 'sft'>,
  rows: readonly Row[],
  rowLength: number,
): Pick<SupervisedPlan, 'validation'> {
  if (validation === 0) return {}
  if (rows.length === 0) {
    const message = `validation ${validation} leaves not one row of ${rowLength} tokens to look at`
    throw new TemperError('invalid_dataset', message, { details: { validation, rowLength } })
  }
  const { validateEverySteps, batchSize } = settings
  const used = spread(rows, Math.max(1, Math.floor(validationTokens / rowLength)))
  const batches: PackedBatch[] = []
  for (let first = 0; first < used.length; first += batchSize) {
    batches.push(fullBatch(used.slice(first, first + batchSize), rowLength, batchSize))
  }
  return { validation: { everySteps: validateEverySteps, batches } }
}
