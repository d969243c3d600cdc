import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { taskQueues, workflowTypes } from '@temper/db/contracts'
import { createRun, type Db, getRun, listWorkers, migrate, openDatabase, type RunRecord } from '@temper/db/queries'
import { parseRecipe, planRecipe } from '@temper/db/recipes'
import { createTemporaryHome, removeHome, type ServiceOptions, type Services, startServices } from '@temper/infra/dev'
import { Client, Connection } from '@temporalio/client'

const pipelineEntry = fileURLToPath(new URL('../../workers/pipeline/src/main.ts', import.meta.url))

/** Real servers and the pipeline's own processes, in a throw-away home. */
export interface TestSystem {
  readonly db: Db
  readonly services: Services
  /** The throw-away folder of all that it keeps. */
  readonly home: string
  readonly client: Client
  /** Starts a run of a recipe, as the API does. */
  startRun(recipeText: string): Promise<string>
  /** Looks again and again until `done` is true of the run; throws when the run ends before. */
  waitForRun(runId: string, what: string, done: (run: RunRecord) => boolean): Promise<RunRecord>
  waitForEnd(runId: string): Promise<RunRecord>
  readonly storeFolder: string
  /** Kills the pipeline's process as a power cut would, and starts another. */
  killPipeline(): Promise<void>
  /** Names of what the worker still keeps of models on their way in. */
  importsLeft(): Promise<string[]>
  /** Process number of the one engine worker. */
  engineWorkerPid(): Promise<number>
  /** Process number of the engine itself. */
  enginePid(): number
  stop(): Promise<void>
}

const lookMs = 50
const patienceMs = 240_000

interface TestSystemOptions extends Pick<ServiceOptions, 'temporalLimits'> {
  /** Variables of the pipeline's processes, beside those that every test has. */
  environment?: Record<string, string>
}

export async function startTestSystem({ environment = {}, ...options }: TestSystemOptions = {}): Promise<TestSystem> {
  const home = createTemporaryHome()
  const services = await startServices({ home, ...options })
  await migrate(services.databaseUrl)
  const database = openDatabase(services.databaseUrl, { name: 'tests' })
  const connection = await Connection.connect({ address: services.temporalAddress })
  const client = new Client({ connection })
  let pipeline = startPipeline(home, services, environment)

  const waitForRun: TestSystem['waitForRun'] = (runId, what, done) =>
    waitFor(what, async () => {
      const run = await getRun(database.db, runId)
      if (done(run)) return run
      if (hasEnded(run)) throw new Error(`the run ended (${run.status}) before: ${what}`)
      return undefined
    })
  return {
    db: database.db,
    services,
    home,
    client,
    waitForRun,
    async startRun(recipeText) {
      const recipe = parseRecipe(recipeText)
      const { id } = await createRun(database.db, { recipe, recipeText, order: planRecipe(recipe) })
      await client.workflow.start(workflowTypes.pipeline, {
        taskQueue: taskQueues.pipeline,
        workflowId: id,
        args: [{ runId: id }],
      })
      return id
    },
    storeFolder: join(home, 'store'),
    async killPipeline() {
      pipeline.kill('SIGKILL')
      await once(pipeline, 'exit')
      pipeline = startPipeline(home, services, environment)
    },
    importsLeft: () => readdir(join(home, 'work', 'imports')),
    waitForEnd: (runId) => waitForRun(runId, 'the end of the run', hasEnded),
    engineWorkerPid: () =>
      waitFor(
        'an engine worker',
        async () =>
          (await listWorkers(database.db)).find(
            (worker) => worker.queue.includes(taskQueues.train) && isRunning(worker.pid),
          )?.pid,
      ),
    enginePid: () => JSON.parse(readFileSync(join(home, 'work', 'device-0.lock'), 'utf8')).engine.pid,
    async stop() {
      pipeline.kill('SIGTERM')
      if (pipeline.exitCode === null) await once(pipeline, 'exit')
      await connection.close()
      await database.close()
      await services.stop()
      removeHome(home)
    },
  }
}

function startPipeline(home: string, services: Services, environment: Record<string, string>): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: services.databaseUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
    TEMPER_STORE: join(home, 'store'),
    TEMPER_WORK_DIR: join(home, 'work'),
    TEMPER_PARENT_PID: String(process.pid),
    TEMPER_LOG_LEVEL: process.env.TEMPER_LOG_LEVEL ?? 'warn',
    ...environment,
  }
  return spawn(process.execPath, ['--import', 'tsx', pipelineEntry], { env, stdio: ['ignore', 'inherit', 'inherit'] })
}

function hasEnded({ state }: RunRecord): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled'
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Looks until there is an answer. A look that fails because a server is being restarted is taken again. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + patienceMs
  while (Date.now() < deadlineMs) {
    const found = await look()
    if (found !== undefined) return found
    await delay(lookMs)
  }
  throw new Error(`waited ${patienceMs / 1000} s for ${what}`)
}
