import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { modelSchema } from '@temper/db/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { writeCheckpoint } from '../checkpoint/index.ts'
import { modelFromSpec } from '../models/index.ts'
import { byteLevel } from '../tokenizer/layouts.fixture.ts'
import { writeTokenizerFiles } from '../tokenizer/tokenizer-files.ts'

const mib = 2 ** 20

it('takes memory for the weights once, and for little more than the largest tensor beside them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'load-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const sizes = { hiddenSize: 768, intermediateSize: 3072, nLayer: 6, nHead: 12 }
  const spec = modelSchema.parse({ architecture: 'llama', ...sizes, tokenizer: { type: 'bpe', data: 'none' } })
  if (!('architecture' in spec)) throw new Error('expected a new model')
  const model = modelFromSpec(spec, 300, { eosId: 1 })
  const counts = Object.entries(model.parameterShapes).map(
    ([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)] as const,
  )
  const bytes = 4 * counts.reduce((sum, [, count]) => sum + count, 0)
  const tensors = Object.fromEntries(counts.map(([name, count]) => [name, async () => new Float32Array(count)]))
  await writeTokenizerFiles(byteLevel(), join(root, 'tokenizer'))
  const lineage = { format: 1, kind: 'policy', stageType: 'sft', step: 1, metrics: {} } as const
  await writeCheckpoint(join(root, 'model'), { model, tensors, lineage, generationConfig: {}, tokenizerDir: join(root, 'tokenizer') }) // biome-ignore format: one call

  const script = fileURLToPath(new URL('load-memory.fixture.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, join(root, 'model')])
  const [rise, largest] = [Number(stdout.trim().split('\n').at(-1)), 9 * mib]
  expect(bytes).toBeGreaterThan(200 * mib)
  expect(rise).toBeGreaterThan(bytes / 2)
  // What was read is freed some tens of MiB later.
  expect(rise).toBeLessThan(bytes + largest + 96 * mib)
}, 60_000)
