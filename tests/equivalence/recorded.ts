import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Method } from './methods.ts'
import type { Trajectory } from './trajectory.ts'

const trajectorySchema = z.record(z.string(), z.array(z.number()))

function fileOf(method: Method): string {
  return path.join(import.meta.dirname, 'trajectories', `${method}.json`)
}

/** The committed trajectory of a method; none has been recorded where undefined. */
export async function readRecorded(method: Method): Promise<Trajectory | undefined> {
  if (!existsSync(fileOf(method))) return undefined
  return trajectorySchema.parse(JSON.parse(await readFile(fileOf(method), 'utf8')))
}

/** A line a metric, with the digits that tell every float32 apart. */
export async function record(method: Method, trajectory: Trajectory): Promise<void> {
  const lines = Object.entries(trajectory).map(
    ([name, values]) =>
      `  ${JSON.stringify(name)}: [${values.map((value) => Number(value.toPrecision(9))).join(', ')}]`,
  )
  await writeFile(fileOf(method), `{\n${lines.join(',\n')}\n}\n`)
}
