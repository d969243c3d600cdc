import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type MemoryPoint, memoryPoints } from './points.ts'

/** A point with the most that its two steps held beyond what the process held before them. */
export type MemoryFigures = MemoryPoint & { peak_mib: number; seconds: number }

const program = fileURLToPath(new URL('./measure-point.ts', import.meta.url))

/**
 * Peak memory of a training step at each point, each in a process of its own: the high-water mark of what is resident,
 * less what model and libraries took.
 */
export async function measureMemory(options: {
  points?: MemoryPoint[]
  onPoint?: (figures: MemoryFigures) => void
}): Promise<MemoryFigures[]> {
  const measured: MemoryFigures[] = []
  for (const point of options.points ?? memoryPoints()) {
    const args = ['--import', 'tsx', program, JSON.stringify(point)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const figures: MemoryFigures = JSON.parse(stdout)
    options.onPoint?.(figures)
    measured.push(figures)
  }
  return measured
}

/** The figures of a point as a line of text. */
export function memoryRow({ part, form, length, peak_mib, seconds }: MemoryFigures): string {
  return `${part.padEnd(10)} ${form.padEnd(17)} ${String(length).padStart(5)} ${String(peak_mib).padStart(7)} MiB ${seconds} s`
}
