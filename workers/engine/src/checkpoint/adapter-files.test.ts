import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { type Adapter, freshAdapter, loadModel, scoreWeight, withScoreHead } from '../models/index.ts'
import { readAdapter, writeAdapter } from './adapter-files.ts'
import { openSafetensors } from './safetensors-file.ts'
import { weightsDigest } from './weights-digest.ts'

const model = tinyFamily('llama')
const adapter: Adapter = { rank: 2, alpha: 8, rsLora: true, targets: ['q_proj', 'mlp.down_proj'] }
const about = { dropout: 0.1, base: 'ckpt_base' }

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'temper-adapter-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const configOf = async () => JSON.parse(await readFile(join(dir, 'adapter_config.json'), 'utf8'))

describe('adapter files', () => {
  it('read back as they were written', async () => {
    const files = { adapter, tensors: freshAdapter(model, adapter, 1) }
    await writeAdapter(dir, model, files, about)
    expect(await readAdapter(dir, model)).toEqual(files)
    expect(await configOf()).toMatchObject({ r: 2, lora_alpha: 8, use_rslora: true, lora_dropout: 0.1 })
  })

  it("have PEFT's names, and a score head among them", async () => {
    const scorer = withScoreHead(model)
    const tensors = { ...freshAdapter(scorer, adapter, 1), [scoreWeight]: new Float32Array(16).fill(1) }
    await writeAdapter(dir, scorer, { adapter, tensors }, about)
    const file = await openSafetensors(join(dir, 'adapter_model.safetensors'))
    await file.close()
    expect([...file.tensors.keys()]).toContain('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight')
    expect(file.tensors.get('base_model.model.score.weight')?.shape).toEqual([1, 16])
    expect((await readAdapter(dir, scorer)).tensors).toEqual(tensors)
  })

  it('name every layer where all have an adapter, and say which way GPT-2 keeps its weights', async () => {
    const gpt2 = loadModel({ model_type: 'gpt2', n_embd: 16, n_layer: 1, n_head: 2, n_positions: 8, vocab_size: 20 })
    const all = { rank: 2, alpha: 4, rsLora: false }
    await writeAdapter(dir, gpt2, { adapter: all, tensors: freshAdapter(gpt2, all, 1) }, { ...about, base: null })
    expect(await configOf()).toMatchObject({
      target_modules: ['c_attn', 'c_proj', 'c_fc'],
      fan_in_fan_out: true,
      base_model_name_or_path: null,
    })
  })

  it.each([
    [{ use_dora: true }, 'use_dora'],
    [{ peft_type: 'LOHA' }, 'peft_type'],
    [{ rank_pattern: { q_proj: 4 } }, 'rank_pattern'],
    [{ r: 3 }, 'must have shape [3, 16] by the config, it has [2, 16]'],
    [{ target_modules: ['q_proj'] }, 'is not of an adapter that its config describes'],
    [{ target_modules: ['q_proj', 'k_proj', 'mlp.down_proj'] }, 'it has [none]'],
  ])('are refused where the config says %o', async (more, message) => {
    await writeAdapter(dir, model, { adapter, tensors: freshAdapter(model, adapter, 1) }, about)
    await writeFile(join(dir, 'adapter_config.json'), JSON.stringify({ ...(await configOf()), ...more }))
    await expect(readAdapter(dir, model)).rejects.toMatchObject({
      code: 'invalid_checkpoint',
      message: expect.stringContaining(message),
    })
  })
})

describe('weightsDigest', () => {
  const [a, b] = [Float32Array.of(1, 2), Float32Array.of(3)]

  it('is of names and bits, in any order', () => {
    const digest = weightsDigest({ a, b })
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(weightsDigest({ b, a })).toBe(digest)
    expect(weightsDigest({ a, b: Float32Array.of(3 + 2 ** -22) })).not.toBe(digest)
    expect(weightsDigest({ a, c: b })).not.toBe(digest)
    expect(weightsDigest({ a: Float32Array.of(1), b: Float32Array.of(2, 3) })).not.toBe(digest)
  })

  it('reads a view of a longer buffer as its values', () => {
    const view = new Float32Array([9, 1, 2, 9]).subarray(1, 3)
    expect(weightsDigest({ a: view })).toBe(weightsDigest({ a }))
  })
})
