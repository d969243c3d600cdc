/** The `temper` command: a thin client of the API. */
import { type ErrorCode, TemperError, toTemperError } from '@temper/db/contracts'
import { runCommand, runMain } from 'citty'
import { root } from './root.ts'

/** Exit codes, also in docs/cli.md. Everything else that fails is 1. */
const exitCodes: Partial<Record<ErrorCode, number>> = {
  invalid_input: 2,
  unauthenticated: 3,
  forbidden: 3,
  unavailable: 4,
}

const rawArgs = process.argv.slice(2)
const asksForHelp = rawArgs.length === 0 || rawArgs.some((argument) => ['--help', '-h', '--version'].includes(argument))

if (asksForHelp) {
  await runMain(root, { rawArgs: rawArgs.length === 0 ? ['--help'] : rawArgs })
} else {
  try {
    await runCommand(root, { rawArgs })
  } catch (thrown) {
    const error = isUsageError(thrown)
      ? new TemperError('invalid_input', `${thrown.message}; see --help`)
      : toTemperError(thrown)
    process.stderr.write(report(error))
    process.exitCode = exitCodes[error.code] ?? 1
  }
}

/** citty's own class is not exported; it is named. */
function isUsageError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'CLIError'
}

function report(error: TemperError): string {
  if (rawArgs.includes('--json')) {
    const { code, message, details } = error
    return `${JSON.stringify({ code, message, details })}\n`
  }
  return `temper: ${error.message}\n`
}
