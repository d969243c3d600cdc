import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type Evaluation,
  endedRunStates,
  evaluationSchema,
  type RunSummary,
  runSummarySchema,
  TemperError,
  toTemperError,
} from '@temper/db/contracts'
import { z } from 'zod'
import { type ApiAccess, askApi } from './api-client.ts'
import { createQuickstartRun } from './demo.ts'
import { readEnvironment } from './environment.ts'
import { createTemporaryHome, removeHome } from './home.ts'
import { anyPorts } from './ports.ts'
import { formatSummary, type Summary, summarize } from './quickstart/summary.ts'
import { showRun } from './quickstart/table.ts'
import { startStack } from './stack.ts'
import { untilAskedToStop } from './until-asked-to-stop.ts'

const help = `npm run quickstart -- [options]: runs recipes/quickstart.yaml in a throw-away home, without a browser.

  --seed N    in place of the seed of the recipe
  --json      the summary as the last line
  --help      this text`

const runViewSchema = z.object(runSummarySchema.shape)
const evaluationsSchema = z.object({ items: z.array(evaluationSchema) })

const values = readArguments()
if (values.help) console.log(help)
else process.exit(await main())

function readArguments() {
  const options = { help: { type: 'boolean' }, json: { type: 'boolean' }, seed: { type: 'string' } } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${toTemperError(error).message}\n\n${help}`)
    process.exit(2)
  }
}

/** Exit code: 0 when the run is done, 1 when it failed, 130 when it was interrupted. */
async function main(): Promise<number> {
  const asked = untilAskedToStop(readEnvironment().npm_lifecycle_event !== undefined)
  const home = createTemporaryHome()
  try {
    const summary = await runQuickstart(home, readSeed(), asked)
    if (summary === undefined) return 130
    console.log(`\n${formatSummary(summary)}`)
    if (values.json) console.log(JSON.stringify(summary))
    return 0
  } catch (error) {
    console.error(toTemperError(error).message)
    return 1
  } finally {
    removeHome(home)
  }
}

/** Undefined when it was asked to stop first. */
async function runQuickstart(
  home: string,
  seed: number | undefined,
  asked: Promise<string>,
): Promise<Summary | undefined> {
  const log = (line: string) => console.error(line)
  const stack = await startStack({ home, ports: anyPorts, demo: false, workers: true, web: false, log })
  try {
    const runId = await createQuickstartRun(stack, { idempotencyKey: randomUUID(), seed })
    const gaveUp = stack.gaveUp.then((reason) => Promise.reject(reason))
    const run = await Promise.race([followRun(stack, runId), gaveUp, asked.then(() => undefined)])
    if (run === undefined) return undefined
    if (run.state !== 'done') throw new TemperError('internal', describeFailure(run))
    return summarize(run, await readEvaluations(stack, runId))
  } finally {
    await stack.stop()
  }
}

/** Shows the run until it is over. */
async function followRun(api: ApiAccess, runId: string): Promise<RunSummary> {
  const show = showRun(process.stdout)
  for (;;) {
    const run = await askApi(api, `/v1/runs/${runId}`, runViewSchema)
    show(run)
    if (endedRunStates.includes(run.state)) return run
    await sleep(500)
  }
}

async function readEvaluations(api: ApiAccess, runId: string): Promise<Evaluation[]> {
  return (await askApi(api, `/v1/runs/${runId}/evaluations`, evaluationsSchema)).items
}

function describeFailure(run: RunSummary): string {
  const failures = run.stages.flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure.message}`]))
  return `the run is ${run.state}: ${run.failure?.message ?? failures.join('; ')}`
}

function readSeed(): number | undefined {
  if (values.seed === undefined) return undefined
  const seed = Number(values.seed)
  if (Number.isInteger(seed) && seed >= 0) return seed
  throw new TemperError('invalid_input', `--seed takes a whole number from 0, not ${values.seed}`)
}
