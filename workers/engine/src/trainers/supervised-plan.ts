import { conversationRowSchema, type JobOf, TemperError, textRowSchema } from '@temper/db/contracts'
import {
  conversationSequence,
  coverRows,
  encodeStream,
  type PackedBatch,
  packSequences,
  type Row,
  readRows,
  streamRow,
  textSequences,
  toBatch,
} from '../data/index.ts'
import type { Model } from '../models/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { type BatchSettings, EpochSource } from './epoch-source.ts'
import { rowLengthFor } from './row-length.ts'
import type { SupervisedPlan } from './supervised.ts'

/** Held-out tokens that one look at val_loss reads at most. */
const validationTokens = 65_536

export async function planSft(job: JobOf<'sft'>, model: Model, tokenizer: Tokenizer): Promise<SupervisedPlan> {
  const { epochs, packing } = job.settings
  const maxLength = Math.min(job.settings.maxLength, model.contextLength)
  const rows = await readRows(job.data, conversationRowSchema)
  const sequences = rows.map(({ messages }, i) => ({
    ...conversationSequence(tokenizer, messages, maxLength),
    dataRows: [i + 1],
  }))
  refuseEmpty(sequences, job.data)
  const rowLength = packing ? maxLength : rowLengthFor(sequences, maxLength)
  const packed = packing ? packSequences(sequences, { rowLength }) : sequences.map((sequence) => [sequence])
  const source = new EpochSource(packed, job.seed)
  const totalSteps = source.stepsOf(epochs, job.settings)
  return { totalSteps, batches: (step) => packedBatches(source, rowLength, job.settings, step) }
}

export async function planPretrain(
  job: JobOf<'pretrain'>,
  model: Model,
  tokenizer: Tokenizer,
): Promise<SupervisedPlan> {
  const { steps, documents, validationFraction, validateEverySteps, batchSize } = job.settings
  const texts = (await readRows(job.data, textRowSchema)).map(({ text }) => text)
  refuseEmpty(texts, job.data)
  const rowLength = Math.min(job.settings.rowLength, model.contextLength)
  const plan = documents === 'stream' ? planStream : planLines
  const { batches, heldOut } = plan(texts, rowLength, tokenizer, job)
  if (validationFraction === 0) return { totalSteps: steps, batches }
  const validation = validationBatches(heldOut, rowLength, batchSize)
  return { totalSteps: steps, batches, validation: { everySteps: validateEverySteps, batches: validation } }
}

type RowsPlan = Pick<SupervisedPlan, 'batches'> & { heldOut: readonly Row[] }

/** Every row of the data is a document that ends with the end token; the last documents are held out. */
function planLines(
  texts: readonly string[],
  rowLength: number,
  tokenizer: Tokenizer,
  job: JobOf<'pretrain'>,
): RowsPlan {
  const trained = trainedShare(texts.length, job.settings.validationFraction)
  const rowsOf = (part: readonly string[]) =>
    packSequences(
      part.flatMap((text, i) =>
        textSequences(tokenizer, text, rowLength).map((sequence) => ({ ...sequence, dataRows: [i + 1] })),
      ),
      { rowLength },
    )
  const source = new EpochSource(rowsOf(texts.slice(0, trained)), job.seed)
  return {
    batches: (step) => packedBatches(source, rowLength, job.settings, step),
    heldOut: rowsOf(texts.slice(trained)),
  }
}

/** The data is one long text; rows start at random places, as in nanoGPT. The end of the text is held out. */
function planStream(
  texts: readonly string[],
  rowLength: number,
  tokenizer: Tokenizer,
  job: JobOf<'pretrain'>,
): RowsPlan {
  const { ids, starts } = encodeStream(tokenizer, texts)
  const trained = trainedShare(ids.length, job.settings.validationFraction)
  const text = { ids: ids.subarray(0, trained), starts }
  const { batchSize, gradientAccumulation } = job.settings
  // By their number in the step, so that a step split into more passes draws the same rows.
  const rows = (step: number, pass: number) =>
    Array.from({ length: batchSize }, (_, i) => streamRow(text, rowLength, job.seed, step, 0, pass * batchSize + i))
  return {
    batches: (step) =>
      Array.from({ length: gradientAccumulation }, (_, pass) => fullBatch(rows(step, pass), rowLength, batchSize)),
    heldOut: coverRows(ids.subarray(trained), rowLength),
  }
}

function packedBatches(source: EpochSource<Row>, rowLength: number, settings: BatchSettings, step: number) {
  return source.passesOf(step, settings).map((rows) => fullBatch(rows, rowLength, settings.batchSize))
}

/** One shape a stage: room for a loss on every token. */
function fullBatch(rows: readonly Row[], rowLength: number, batchSize: number): PackedBatch {
  return toBatch(rows, { rows: batchSize, rowLength, lossTokens: batchSize * rowLength })
}

function validationBatches(rows: readonly Row[], rowLength: number, batchSize: number): PackedBatch[] {
  const used = rows.slice(0, Math.max(1, Math.floor(validationTokens / rowLength)))
  const batches: PackedBatch[] = []
  for (let first = 0; first < used.length; first += batchSize) {
    batches.push(fullBatch(used.slice(first, first + batchSize), rowLength, batchSize))
  }
  return batches
}

function trainedShare(count: number, validationFraction: number): number {
  return Math.max(1, Math.floor(count * (1 - validationFraction)))
}

function refuseEmpty(items: readonly unknown[], file: string) {
  if (items.length === 0)
    throw new TemperError('invalid_dataset', `${file} has no rows to train on`, { details: { file } })
}
