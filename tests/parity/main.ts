/** `npm run parity -- DIR [--json]`: the engine against reference numbers. Exit 1 on any failure, 2 for a wrong call. */
import { TemperError } from '@temper/db/contracts'
import { parseArguments } from '../support/parse-arguments.ts'
import { parity } from './parity.ts'
import { formatResult, summarize } from './report.ts'
import type { Result } from './result.ts'

const usage = `usage: npm run parity -- DIR [--json]

Compares the engine with every fixture in DIR, says what it does not support, and exits with 1 where one
differs, with 2 where it is called wrongly.

  --json     results as the last line
  --help     this text
`

async function main(args: string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const
  const { values, positionals } = parseArguments({ args, options, allowPositionals: true })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const [dir, ...more] = positionals
  if (dir === undefined || more.length > 0) throw new TemperError('invalid_input', `one DIR expected\n\n${usage}`)
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
    process.exitCode = error instanceof TemperError && error.code === 'invalid_input' ? 2 : 1
  },
)
