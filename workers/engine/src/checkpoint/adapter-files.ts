import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { type Adapter, type Model, targetNames, trainedShapes } from '../models/index.ts'
import { readJson } from './folder-files.ts'
import { refuseTensor } from './refuse-tensor.ts'
import { openSafetensors, type SafetensorsFile } from './safetensors-file.ts'
import { writeDurably } from './write-durably.ts'
import { writeSafetensors } from './write-safetensors.ts'

/** Adapters of a checkpoint, and a score head that was trained beside them. */
export interface AdapterFiles {
  adapter: Adapter
  /** By the names of the model's parameters. */
  tensors: Record<string, Float32Array>
}

const [configName, weightsName] = ['adapter_config.json', 'adapter_model.safetensors']
/** What PEFT puts before the name of every parameter. */
const prefix = 'base_model.model.'

/**
 * Writes adapters in the layout of PEFT, which reads the folder over the base model.
 * @param about - the share of inputs dropped in training, and what the base model is called
 */
export async function writeAdapter(
  dir: string,
  model: Model,
  { adapter, tensors }: AdapterFiles,
  about: { dropout: number; base: string | null },
): Promise<void> {
  const scores = model.head === 'score'
  const config = {
    peft_type: 'LORA',
    task_type: scores ? 'SEQ_CLS' : 'CAUSAL_LM',
    base_model_name_or_path: about.base,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    lora_dropout: about.dropout,
    use_rslora: adapter.rsLora,
    target_modules: targetNames(model, adapter),
    modules_to_save: scores ? ['score'] : null,
    fan_in_fan_out: model.fanInFanOut,
    bias: 'none',
    init_lora_weights: true,
    inference_mode: true,
  }
  await mkdir(dir, { recursive: true })
  await writeDurably(join(dir, configName), `${JSON.stringify(config, null, 2)}\n`)
  const named = Object.entries(trainedShapes(model, adapter)).map(([name, shape]) => {
    const data = tensors[name]
    if (!data) throw new TemperError('internal', `there are no values of ${name}`)
    return [prefix + name, { shape, data }]
  })
  await writeSafetensors(join(dir, weightsName), Object.fromEntries(named))
}

const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  use_dora: z.literal(false).default(false),
  target_modules: z.union([z.literal('all-linear'), z.array(z.string()).min(1)]),
  modules_to_save: z.array(z.literal('score')).nullish(),
  bias: z.literal('none').default('none'),
  rank_pattern: z.record(z.string(), z.never()).default({}),
  alpha_pattern: z.record(z.string(), z.never()).default({}),
})

/**
 * Adapters that PEFT or `writeAdapter` wrote, for a model.
 * @throws TemperError invalid_checkpoint for a config that means more than plain LoRA, and for tensors that are missing,
 * unknown or wrongly shaped
 */
export async function readAdapter(dir: string, model: Model): Promise<AdapterFiles> {
  const adapter = await readConfig(dir)
  const file = await openSafetensors(join(dir, weightsName))
  try {
    return { adapter, tensors: await readTensors(file, trainedShapes(model, adapter)) }
  } finally {
    await file.close()
  }
}

async function readConfig(dir: string): Promise<Adapter> {
  const parsed = configSchema.safeParse(await readJson(dir, configName))
  if (!parsed.success) {
    const message = `${join(dir, configName)}: ${z.prettifyError(parsed.error)}`
    throw new TemperError('invalid_checkpoint', message, { details: { dir } })
  }
  const { r, lora_alpha, use_rslora, target_modules } = parsed.data
  const targets = target_modules === 'all-linear' ? undefined : target_modules
  return { rank: r, alpha: lora_alpha, rsLora: use_rslora, targets }
}

async function readTensors(file: SafetensorsFile, shapes: Record<string, number[]>) {
  for (const name of file.tensors.keys()) {
    const known = name.startsWith(prefix) && Object.hasOwn(shapes, name.slice(prefix.length))
    if (!known) refuseTensor(file.path, name, 'is not of an adapter that its config describes')
  }
  const tensors: Record<string, Float32Array> = {}
  for (const [name, shape] of Object.entries(shapes)) {
    const stored = file.tensors.get(prefix + name)?.shape
    const rule = `must have shape [${shape.join(', ')}] by the config, it has [${stored?.join(', ') ?? 'none'}]`
    if (stored?.join() !== shape.join()) refuseTensor(file.path, prefix + name, rule)
    tensors[name] = await file.float32(prefix + name)
  }
  return tensors
}
