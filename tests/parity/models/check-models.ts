import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { readModel } from '@temper/engine/checkpoint'
import { type Checks, type Result, section, unsupported } from '../result.ts'
import { checkAdamw } from './adamw.ts'
import { checkBeam } from './beam.ts'
import { checkDpo } from './dpo.ts'
import { checkForward } from './forward.ts'
import { checkGradients } from './gradients.ts'
import { checkGreedy } from './greedy.ts'

interface Section {
  name: string
  /** Reference file that it needs. */
  file: string
  check: (dir: string) => Promise<Checks>
}

const sections: Section[] = [
  { name: 'forward', file: 'forward.json', check: checkForward },
  { name: 'gradients', file: 'forward.json', check: checkGradients },
  { name: 'greedy', file: 'generate.json', check: checkGreedy },
  { name: 'beam', file: 'generate.json', check: checkBeam },
  { name: 'dpo', file: 'dpo.json', check: checkDpo },
  { name: 'adamw', file: 'adamw.json', check: checkAdamw },
]

/** Every section of every folder in `models/`. */
export async function* checkModels(dir: string): AsyncGenerator<Result> {
  const names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const { name } of names.sort((a, b) => a.name.localeCompare(b.name))) {
    const folder = join(dir, name)
    const refusal = await refusalOf(folder)
    for (const one of sections)
      if (await exists(join(folder, one.file))) yield runSection(folder, `models/${name}`, one, refusal)
  }
}

function runSection(
  dir: string,
  subject: string,
  { name, check }: Section,
  refusal: string | undefined,
): Promise<Result> | Result {
  if (refusal !== undefined) return unsupported(subject, name, refusal)
  return section(subject, name, () => check(dir))
}

/** Why the engine does not take this architecture; undefined where it does. Broken files are no such reason. */
async function refusalOf(dir: string): Promise<string | undefined> {
  try {
    await readModel(join(dir, 'checkpoint'))
    return undefined
  } catch (error) {
    return error instanceof TemperError && error.code === 'unsupported' ? error.message : undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
