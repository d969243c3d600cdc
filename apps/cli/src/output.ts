/** Where a command writes: tables and sentences for people, or one JSON document a line for programs. */
export interface Output {
  readonly isJson: boolean
  /** A document, as JSON or in words. */
  document(value: unknown, inWords: () => string): void
  /** For people only. */
  say(text: string): void
}

export function createOutput(isJson: boolean, write = (text: string) => void process.stdout.write(text)): Output {
  return {
    isJson,
    document: (value, inWords) => write(isJson ? `${JSON.stringify(value)}\n` : `${inWords()}\n`),
    say: (text) => {
      if (!isJson) write(`${text}\n`)
    },
  }
}

/** Columns as wide as their widest cell. */
export function table(header: string[], rows: (string | number)[][]): string {
  if (rows.length === 0) return 'none'
  const lines = [header.map((cell) => cell.toUpperCase()), ...rows.map((row) => row.map(String))]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Key and value lines. */
export function fields(values: Record<string, string | number | null>): string {
  const width = Math.max(...Object.keys(values).map((key) => key.length))
  return Object.entries(values)
    .map(([key, value]) => `${key.padEnd(width)}  ${value ?? '–'}`)
    .join('\n')
}

export function bytes(sizeBytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, sizeBytes)) / 3))
  return `${unit === 0 ? sizeBytes : (sizeBytes / 1000 ** unit).toFixed(1)} ${units[unit]}`
}
