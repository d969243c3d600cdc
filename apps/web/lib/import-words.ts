import type { ImportProgress, ModelImport } from '@temper/db/contracts'
import { formatBytes, formatCount } from './format.ts'

/** How far an import is: a sentence, and a share where one is known. */
export interface ImportStatus {
  words: string
  share: number | null
}

const phases: Record<ImportProgress['phase'], string> = {
  fetching: 'Fetching',
  reading: 'Reading weights',
  storing: 'Storing',
}

/** @param sentBytes - of the files that this page sends, where it does */
export function importStatus(
  { state, progress, source, uploaded, failure }: ModelImport,
  sentBytes?: number,
): ImportStatus {
  switch (state) {
    case 'uploading': {
      const total = source.type === 'files' ? sum(source.files) : 0
      return counted('Files sent', sentBytes ?? sum(uploaded), total, formatBytes)
    }
    case 'queued':
      return { words: 'Waiting for a worker', share: null }
    case 'running': {
      if (progress === null) return { words: 'Running', share: null }
      const { phase, done, total } = progress
      if (total === null) return { words: phases[phase], share: null }
      return counted(phases[phase], done, total, phase === 'reading' ? formatCount : formatBytes)
    }
    case 'done':
      return { words: 'Added', share: null }
    case 'failed':
      return { words: failure?.message ?? 'Failed', share: null }
    case 'cancelled':
      return { words: 'Stopped; nothing was kept', share: null }
  }
}

function counted(what: string, done: number, total: number, format: (count: number) => string): ImportStatus {
  return { words: `${what}: ${format(done)} of ${format(total)}`, share: total > 0 ? Math.min(1, done / total) : null }
}

function sum(files: readonly { sizeBytes: number }[]): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}
