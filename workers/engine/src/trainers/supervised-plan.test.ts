import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type JobOf, jobSchema } from '@temper/db/contracts'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { createTokenizer, trainBpe } from '../tokenizer/index.ts'
import { planPretrain, planSft } from './supervised-plan.ts'

const tokenizer = createTokenizer(trainBpe([], { vocabSize: 261 }))
const model = { ...tinyFamily('llama'), contextLength: 64 }

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'plan-'))
  const made = dir
  onTestFinished(() => rm(made, { recursive: true }))
})

async function fileOf(name: string, rows: object[]) {
  const file = path.join(dir, `${name}.jsonl`)
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { path: file }
}

const talk = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
})
const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value)

const sft = (data: object[], job: object, settings: object) =>
  jobSchema.parse({ type: 'sft', seed: 1, outDir: dir, model: dir, data, settings, ...job }) as JobOf<'sft'>

describe('a share that is held out', () => {
  it('is the end of each of several files that are read as one', async () => {
    const data = [await fileOf('a', times(10, talk('a', 'A'))), await fileOf('b', times(10, talk('b', 'B')))]
    const { validation } = await planSft(sft(data, { validation: 0.2 }, { packing: false }), model, tokenizer)
    const answers = validation?.batches.flatMap(
      ({ targets, weights }) =>
      tokenizer.decode([...targets].filter((_, i) => weights[i] === 1), { skipSpecialTokens: true }), // biome-ignore format: one call
    )
    expect(answers?.join('')).toBe('AABB')
  })

  it('is the end of each text of a stream', async () => {
    const data = [await fileOf('a', [{ text: 'a'.repeat(100) }]), await fileOf('b', [{ text: 'b'.repeat(100) }])]
    const settings = { steps: 40, rowLength: 8, documents: 'stream', batchSize: 1 }
    const model_ = { spec: { architecture: 'llama', tokenizer: { type: 'bpe', data: 'x' } }, tokenizerData: 'x' }
    const job = jobSchema.parse({ type: 'pretrain', seed: 1, outDir: dir, model: model_, data, settings, validation: 0.2 }) // biome-ignore format: one call
    const { validation, batches } = await planPretrain(job as JobOf<'pretrain'>, model, tokenizer)
    const textOf = (ids: ArrayLike<number>) => tokenizer.decode(Array.from(ids))
    expect(validation?.batches.map(({ ids }) => textOf(ids))).toEqual([
      ...times(2, 'a'.repeat(8)),
      ...times(2, 'b'.repeat(8)),
    ])
    const trained = Array.from({ length: 40 }, (_, step) => textOf(batches(step + 1)[0]?.ids ?? [])).join('')
    expect(new Set(trained.replaceAll('<|end|>', ''))).toEqual(new Set(['a', 'b']))
  })

  it('is looked at in rows that are spread over it, where it is long', async () => {
    // Rows of 64 tokens, of which a look reads 65,536: 1,024 rows.
    const rows = Array.from({ length: 3000 }, (_, i) => talk('q'.repeat(50), i < 1500 ? 'A' : 'B'))
    const validation = await fileOf('held-out', rows)
    const data = [await fileOf('a', [talk('a', 'A')])]
    const plan = await planSft(sft(data, { validation: validation.path }, { packing: false, maxLength: 64, batchSize: 64 }), model, tokenizer) // biome-ignore format: one call
    const batches = plan.validation?.batches ?? []
    const answers = batches.map(({ targets }) => tokenizer.decode([...targets], { skipSpecialTokens: true })).join('')
    const count = (letter: string) => answers.split(letter).length - 1
    expect([count('A'), count('B')]).toEqual([512, 512])
  })
})

it('leaves room for a loss on trained tokens only, in few sizes', async () => {
  const roomOf = async (question: string, answer: string) => {
    const data = [await fileOf('talks', times(4, talk(question, answer)))]
    const { batches } = await planSft(sft(data, {}, { packing: true, maxLength: 64, batchSize: 2 }), model, tokenizer)
    const [batch] = batches(1)
    expect(batch?.weights.reduce((sum, weight) => sum + weight, 0)).toBe(batch?.lossTokens)
    return (batch?.targets.length ?? 0) / (2 * 64)
  }
  expect(await roomOf('q', 'a'.repeat(58))).toBe(1)
  expect(await roomOf('q'.repeat(30), 'a'.repeat(28))).toBe(0.5)
  expect(await roomOf('q'.repeat(50), 'a')).toBe(8 / 128)
})
