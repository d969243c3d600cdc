import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lineage } from '@temper/db/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { openSafetensors } from './safetensors-file.ts'
import { writeCheckpoint } from './write-checkpoint.ts'

const lineage: Lineage = { format: 1, kind: 'policy', stageType: 'sft', step: 3, metrics: {} }
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'experts-'))
})
afterEach(() => rm(root, { recursive: true }))

describe.each([
  ['mixtral', 'model.layers.1.block_sparse_moe', ['w1', 'w2', 'w3']],
  ['qwen3_moe', 'model.layers.2.mlp', ['gate_proj', 'down_proj', 'up_proj']],
] as const)('a checkpoint of %s', (modelType, part, [gate, down, up]) => {
  const model = tinyFamily(modelType)
  const tensors = model.initialize(7)

  it('stores the matrices of each expert by themselves, and the router', async () => {
    const dir = join(root, 'step-3')
    await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {} })
    const file = await openSafetensors(join(dir, 'model.safetensors'))
    const names = [...file.tensors.keys()].filter((name) => name.startsWith(part))
    const [shape = 0] = file.tensors.get(`${part}.gate.weight`)?.shape ?? []
    expect(names).toHaveLength(1 + 3 * shape)
    const [fused = [], lowered = []] = ['gate_up_proj', 'down_proj'].map((name) =>
      Array.from(tensors[`${part.replace('block_sparse_moe', 'mlp')}.experts.${name}`] ?? []),
    )
    const size = lowered.length / shape
    const weights = async (name: string) => Array.from(await file.float32(`${part}.experts.1.${name}.weight`))
    expect(await weights(gate)).toEqual(fused.slice(2 * size, 3 * size))
    expect(await weights(up)).toEqual(fused.slice(3 * size, 4 * size))
    expect(await weights(down)).toEqual(lowered.slice(size, 2 * size))
    await file.close()
  })

  it('gives back its weights bit for bit, given as values or as what reads them', async () => {
    const readers = Object.fromEntries(Object.entries(tensors).map(([name, data]) => [name, async () => data]))
    for (const [name, given] of Object.entries({ values: tensors, readers })) {
      await writeCheckpoint(join(root, name), { model, tensors: given, lineage, generationConfig: {} })
      expect((await readCheckpoint(join(root, name))).tensors).toEqual(tensors)
    }
  })
})
