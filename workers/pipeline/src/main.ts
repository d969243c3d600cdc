/**
 * The pipeline process: runs workflows and the activities that need no device, and starts engine workers while there is
 * work for them.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { removeEndedImports } from './activities/imports-folder.ts'
import { engineOptions } from './engine-process/index.ts'
import { readEnvironment } from './environment.ts'
import { engineBacklog } from './scaler/backlog.ts'
import { startEngineWorker } from './scaler/engine-worker-process.ts'
import { runScaler } from './scaler/scaler.ts'
import { connectServices } from './services.ts'
import { stopSignal } from './stop-signal.ts'
import { createPipelineWorkers } from './workers/pipeline-workers.ts'
import { announceWorker } from './workers/presence.ts'
import { runWorkers } from './workers/run-workers.ts'

const environment = readEnvironment()
const { TEMPER_WORK_DIR: workDir, TEMPER_DEVICES: devices, TEMPER_IDLE_SECONDS: idleSeconds } = environment
const signal = stopSignal(environment.TEMPER_PARENT_PID)
const failed = new AbortController()
const ending = AbortSignal.any([signal, failed.signal])
const services = await connectServices(environment, 'pipeline')
const { db, store, temporal, log } = services
await mkdir(workDir, { recursive: true })
const importsDir = path.join(workDir, 'imports')
await removeEndedImports(db, importsDir)
const hub = { url: environment.HF_ENDPOINT, token: environment.HF_TOKEN }
const deps = { db, store, importsDir, engine: engineOptions(log), hub }
const workers = await createPipelineWorkers(temporal, deps, workDir)
const leave = announceWorker(db, log, {
  queue: 'pipeline, cpu, import',
  device: () => 'none',
  state: () => (signal.aborted ? 'stopping' : 'busy'),
})
const scaler = runScaler(
  {
    devices,
    idleSeconds,
    backlog: () => engineBacklog(temporal),
    startWorker: (device) => startEngineWorker(device, process.env),
    log,
  },
  ending,
)
log.info({ devices }, 'the pipeline takes runs')
try {
  await runWorkers(workers, signal)
} finally {
  failed.abort()
  await scaler
  await leave()
  await services.close()
  log.info({ reason: signal.reason }, 'the pipeline has ended')
}
if (process.connected) process.disconnect()
