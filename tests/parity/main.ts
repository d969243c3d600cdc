/** `npm run parity -- DIR [--json]`: the engine against reference numbers. Exit 1 on any failure. */
import { parseArgs } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import { parity } from './parity.ts'
import { formatResult, summarize } from './report.ts'
import type { Result } from './result.ts'

const usage = 'usage: npm run parity -- DIR [--json]'

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: { json: { type: 'boolean' } }, allowPositionals: true })
  const [dir, ...more] = positionals
  if (dir === undefined || more.length > 0) {
    process.stderr.write(`${usage}\n`)
    return 2
  }
  const results: Result[] = []
  for await (const result of parity(dir)) {
    results.push(result)
    process.stdout.write(`${formatResult(result)}\n`)
  }
  const counts = summarize(results)
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.unsupported} unsupported\n`)
  if (values.json) process.stdout.write(`${JSON.stringify({ ...counts, results })}\n`)
  return counts.failed > 0 ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.stderr.write(`${error instanceof TemperError ? error.message : error?.stack}\n`)
    process.exitCode = 1
  },
)
