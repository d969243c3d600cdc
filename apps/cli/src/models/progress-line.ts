import type { ImportProgress } from '@temper/db/contracts'
import { bytes, type Output } from '../output.ts'

type Progress = Omit<ImportProgress, 'phase'> & { phase: ImportProgress['phase'] | 'sending' }

/** `fetching: 12.0 MB of 93.1 MB`, `reading: 40 of 272 tensors`. */
export function progressWords({ phase, done, total }: Progress): string {
  if (phase === 'reading') return `${phase}: ${done} of ${total} tensors`
  if (total === null) return phase
  return `${phase}: ${bytes(done)} of ${bytes(total)}`
}

/** One line that is written over on a terminal; elsewhere a line for each phase. Nothing where output is JSON. */
export function createProgressLine(out: Output, stream: NodeJS.WriteStream = process.stderr) {
  let phase: string | undefined
  let isOpen = false
  return {
    show(progress: Progress) {
      if (out.isJson) return
      if (stream.isTTY) stream.write(`\r${progressWords(progress)}\u001b[K`)
      else if (progress.phase !== phase) stream.write(`${progress.phase}\n`)
      phase = progress.phase
      isOpen = stream.isTTY
    },
    end() {
      if (isOpen) stream.write('\n')
      isOpen = false
    },
  }
}
