import { preferenceRowSchema } from '@temper/db/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRows } from '../data/index.ts'
import { addRole, loadModel, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { pairsOf } from './pairs.ts'
import { RewardTrainer } from './reward.ts'
import { type Start, startFromCheckpoint } from './start.ts'
import { SupervisedTrainer } from './supervised.ts'
import { planPretrain, planSft } from './supervised-plan.ts'
import { lastCheckpoint, makeToy, runToyJob, type Toy } from './toy.fixture.ts'
import type { Trainer } from './trainer.ts'

const checkpoint = { kind: 'policy', stageType: 'sft', tokenizerDir: '', generationConfig: {} } as const
let toy: Toy
/** Knows no finite vector for the letter u, which stands in `up` alone, the last of the toy's six words. */
let poisoned: Start

beforeAll(async () => {
  toy = await makeToy()
  const start = await startFromCheckpoint(lastCheckpoint(await runToyJob(toy.pretrain({ steps: 1 }))))
  const model = loadModel({ ...start.model.configJson, tie_word_embeddings: false })
  const embedding = start.tensors['model.embed_tokens.weight'] as Float32Array
  const tensors = { ...start.tensors, 'lm_head.weight': embedding.slice() }
  const [letter = 0] = start.tokenizer.encode('u', { addSpecialTokens: false })
  embedding.fill(Number.NaN, letter * model.hiddenSize, (letter + 1) * model.hiddenSize)
  poisoned = { ...start, model, tensors }
})
afterAll(() => toy.remove())

async function supervised(job: ReturnType<Toy['sft'] | Toy['pretrain']>): Promise<Trainer> {
  const { model, tokenizer, tensors } = poisoned
  const plan = job.type === 'sft' ? await planSft(job, model, tokenizer) : await planPretrain(job, model, tokenizer)
  const program = new TracedProgram()
  await addRole(program, 'policy', model, tensors)
  return new SupervisedTrainer({
    ...plan,
    program,
    model,
    role: 'policy',
    settings: job.settings,
    checkpoint,
    nowMs: () => 0,
  })
}

async function reward(): Promise<Trainer> {
  const { pairs: file, settings, seed } = toy.reward(toy.dir, { batchSize: 1 })
  const { tokenizer, tensors } = poisoned
  const pairs = pairsOf(await readRows(file, preferenceRowSchema), tokenizer, 48)
  const program = new TracedProgram()
  const model = withScoreHead(poisoned.model)
  await addRole(program, 'reward', model, scoreHeadTensors(poisoned.model, tensors, { seed }))
  return new RewardTrainer({ pairs, heldOut: [], seed, program, model, role: 'reward', settings, checkpoint })
}

it.each([
  ['conversations', () => supervised(toy.sft(toy.dir, { batchSize: 1, packing: false })), 'row 6 of the data'],
  ['packed conversations', () => supervised(toy.sft(toy.dir, { batchSize: 1 })), /rows [\d, ]*6 of the data/],
  ['documents', () => supervised(toy.pretrain({ batchSize: 1, rowLength: 10 })), /rows? 1[12] of the data/],
  ['a stream', () => supervised(toy.pretrain({ batchSize: 1, rowLength: 4, documents: 'stream' })), /rows? 1[012](, 1[12])? of/], // biome-ignore format: a line a case
  ['pairs', () => reward(), 'row 6 of the data'],
] as const)('a stage on %s names the rows whose loss is not finite', async (_, make, rows) => {
  const trainer = await make()
  await trainer.prepare()
  const train = async () => {
    for (;;) await trainer.advance()
  }
  await expect(train()).rejects.toThrow(rows)
  trainer.close()
})
