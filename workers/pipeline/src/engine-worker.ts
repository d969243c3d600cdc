/**
 * The worker of one device: takes training jobs and generations from their queues and hands them to the device's engine
 * process. Started by the scaler when there is work, by hand, or by an orchestrator; TEMPER_DEVICES names its one device.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { EngineDevice, engineOptions, lockDevice } from './engine-process/index.ts'
import { readEnvironment } from './environment.ts'
import { reportActivity } from './scaler/worker-messages.ts'
import { connectServices } from './services.ts'
import { stopSignal } from './stop-signal.ts'
import { createDeviceWorkers } from './workers/device-workers.ts'
import { announceWorker } from './workers/presence.ts'
import { runWorkers } from './workers/run-workers.ts'

const environment = readEnvironment()
const [number, ...others] = environment.TEMPER_DEVICES
if (number === undefined || others.length > 0) {
  throw new TemperError('invalid_input', 'an engine worker has one device: set TEMPER_DEVICES to one number')
}
const signal = stopSignal(environment.TEMPER_PARENT_PID)
const services = await connectServices(environment, `engine worker ${number}`)
const { db, store, temporal, log } = services
const lock = await lockDevice(environment.TEMPER_WORK_DIR, number, signal)

const scratchDir = path.join(environment.TEMPER_WORK_DIR, `device-${number}`)
await rm(scratchDir, { recursive: true, force: true })
await mkdir(scratchDir, { recursive: true })
const device = new EngineDevice({ lock, engine: engineOptions(log, number) })
const serving = {
  host: environment.TEMPER_SERVE_HOST,
  idleSeconds: environment.TEMPER_SERVE_IDLE_SECONDS,
  yieldSeconds: environment.TEMPER_SERVE_YIELD_SECONDS,
  precision: environment.TEMPER_SERVE_PRECISION,
}
const workers = await createDeviceWorkers(temporal, { db, store, device, scratchDir, serving })
const running = () => workers.reduce((sum, worker) => sum + worker.getStatus().numInFlightActivities, 0)
const stopReporting = reportActivity(running)
const leave = announceWorker(db, log, {
  queue: 'train, generate',
  device: () => device.description ?? `device ${number}`,
  state: () => (signal.aborted ? 'stopping' : running() > 0 ? 'busy' : 'idle'),
})
log.info({ device: number }, 'the engine worker takes jobs')
try {
  await runWorkers(workers, signal)
} finally {
  stopReporting()
  await device.close()
  await rm(scratchDir, { recursive: true, force: true })
  await lock.release()
  await leave()
  await services.close()
  log.info({ reason: signal.reason }, 'the engine worker has ended')
}
// An open channel to the scaler would keep the process.
if (process.connected) process.disconnect()
