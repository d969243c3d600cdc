import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { exists, readJson } from './folder-files.ts'
import { openSafetensors, type SafetensorsFile } from './safetensors-file.ts'
import { writeDurably } from './write-durably.ts'
import { type TensorToWrite, writeSafetensors } from './write-safetensors.ts'

/** What a trainer needs beside the weights to go on with the very same numbers. */
export interface ResumeState {
  /** Optimizer moments and other values, bit for bit. */
  tensors: Record<string, TensorToWrite>
  /** Step, cursors, controller values: finite numbers, texts, lists and objects only. */
  state: Record<string, unknown>
}

const folder = 'resume'

/** Writes the `resume/` part of a checkpoint folder. */
export async function writeResumeState(dir: string, { tensors, state }: ResumeState): Promise<void> {
  await mkdir(join(dir, folder), { recursive: true })
  await writeSafetensors(join(dir, folder, 'state.safetensors'), tensors)
  await writeDurably(join(dir, folder, 'state.json'), `${JSON.stringify(state, refuseLossy, 2)}\n`)
}

/** JSON would turn these into null, or leave them out, silently. */
function refuseLossy(key: string, value: unknown): unknown {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
    throw new TemperError('internal', `resume state "${key}" is ${String(value)}, which JSON cannot hold`)
  }
  return value
}

/** @throws TemperError invalid_checkpoint when the checkpoint has no complete resume part */
export async function readResumeState(dir: string): Promise<ResumeState> {
  const path = join(dir, folder, 'state.safetensors')
  if (!(await exists(path))) {
    throw new TemperError('invalid_checkpoint', `${dir} cannot be resumed: it has no ${folder}/state.safetensors`)
  }
  const file = await openSafetensors(path)
  try {
    const tensors: Record<string, TensorToWrite> = {}
    for (const name of file.tensors.keys()) tensors[name] = await readExact(file, name)
    return { tensors, state: await readJson(join(dir, folder), 'state.json') }
  } finally {
    await file.close()
  }
}

async function readExact(file: SafetensorsFile, name: string): Promise<TensorToWrite> {
  const entry = file.tensors.get(name)
  const { buffer } = await file.bytes(name)
  const data = entry?.dtype === 'I32' ? new Int32Array(buffer as ArrayBuffer) : await file.float32(name)
  return { shape: entry?.shape ?? [], data }
}
