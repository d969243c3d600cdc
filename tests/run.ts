/** `npm test`: every check of the project, one after another, with a line a step and one closing line of counts. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

interface Step {
  name: string
  about: string
  command: string[]
  /** Vitest steps report how many tests ran. */
  vitest?: boolean
}

const steps: Step[] = [
  { name: 'lint', about: 'format, lint, floating promises', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'types', about: 'TypeScript, every workspace', command: ['npm', 'run', '--silent', 'typecheck'] },
  { name: 'unit', about: 'tests beside the code', command: ['npx', 'vitest', 'run'], vitest: true },
  {
    name: 'parity',
    about: "the engine against PyTorch's numbers",
    command: ['npx', 'tsx', 'tests/parity/main.ts', 'tests/parity/fixtures'],
  },
  {
    name: 'system',
    about: 'workflows, kills, replay and the browser, on real servers',
    command: ['npx', 'vitest', 'run', '--config', 'tests/vitest.config.ts'],
    vitest: true,
  },
]

const usage = `usage: npm test [-- STEP…]\n\nSteps, all unless named:\n${steps.map((s) => `  ${s.name.padEnd(8)} ${s.about}`).join('\n')}\n`

interface Outcome {
  name: string
  passed: number
  failed: number
  skipped: number
  seconds: number
  /** What failed, a paragraph each; shown again after the counts, where the end of a log is all that is read. */
  failures: string[]
}

/** The part of Vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[]
  }[]
}

function execute(command: string[]): Promise<number> {
  const [file = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/** A step without tests of its own counts as one. */
async function runStep(step: Step, scratch: string): Promise<Outcome> {
  process.stdout.write(`\n── ${step.name}: ${step.about}\n`)
  const report = path.join(scratch, `${step.name}.json`)
  const reporters = step.vitest ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : []
  const startedMs = performance.now()
  const code = await execute([...step.command, ...reporters])
  const seconds = (performance.now() - startedMs) / 1000
  const counts = step.vitest
    ? await readCounts(report)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, failures: [] }
  const failed = code !== 0 && counts.failed === 0 ? 1 : counts.failed
  return { name: step.name, ...counts, failed, seconds }
}

async function readCounts(file: string): Promise<Omit<Outcome, 'name' | 'seconds'>> {
  try {
    const report: Report = JSON.parse(await readFile(file, 'utf8'))
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report
    return { passed, failed, skipped, failures: failuresIn(report) }
  } catch (cause) {
    process.stderr.write(`no test report: ${cause instanceof Error ? cause.message : cause}\n`)
    return { passed: 0, failed: 1, skipped: 0, failures: [] }
  }
}

/** A file that could not even be loaded has no failed test, only a message. */
function failuresIn(report: Report): string[] {
  return report.testResults.flatMap((file) => {
    const place = path.relative(root, file.name)
    const failed = file.assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0 && file.status === 'failed') return [`${place}\n${indented(file.message ?? '')}`]
    return failed.map((test) => `${place} > ${test.fullName}\n${indented(test.failureMessages?.[0] ?? '')}`)
  })
}

const indented = (message: string) =>
  message
    .split('\n')
    .slice(0, 8)
    .map((line) => `    ${line}`)
    .join('\n')

async function main(names: string[]): Promise<number> {
  if (names.includes('--help')) {
    process.stdout.write(usage)
    return 0
  }
  const unknown = names.find((name) => !steps.some((step) => step.name === name))
  if (unknown) {
    process.stderr.write(`there is no step ${unknown}\n${usage}`)
    return 2
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'temper-test-'))
  const outcomes: Outcome[] = []
  for (const step of steps) {
    if (names.length === 0 || names.includes(step.name)) outcomes.push(await runStep(step, scratch))
  }
  await rm(scratch, { recursive: true, force: true })

  process.stdout.write('\n')
  for (const { name, passed, failed, skipped, seconds } of outcomes) {
    const verdict = failed > 0 ? 'FAILED' : 'ok'
    process.stdout.write(
      `${name.padEnd(8)} ${verdict.padEnd(7)} ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds.toFixed(0)} s\n`,
    )
  }
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  for (const { failures } of outcomes) {
    for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`)
  }
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`)
  return sum('failed') > 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
