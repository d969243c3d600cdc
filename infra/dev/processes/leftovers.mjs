import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { killMarked, sendSignal } from '../../setup/marked-processes.mjs'
import { isAlive } from '../../setup/process-identity.mjs'
import { processesFolder, readRecords, stackMark } from './records.mjs'

/**
 * Stops what one instance of a stack has left running: its parts in reverse order, each given its grace, then every
 * process that carries its mark.
 * @param {string} home
 * @param {string} instance
 * @returns {Promise<string[]>} names of the parts that were still running
 */
export async function stopInstance(home, instance) {
  const folder = join(processesFolder(home), instance)
  const records = existsSync(folder) ? readRecords(folder) : []
  const running = records.filter((record) => record.pid !== process.pid && isAlive(record))
  for (const record of running) await stopProcess(record, record.stopSignal, record.stopGraceMs)
  killMarked('TEMPER_STACK', stackMark(home, instance).TEMPER_STACK)
  rmSync(folder, { recursive: true, force: true })
  return running.map((record) => record.part)
}

/**
 * Stops what all earlier instances have left running in this home. Their guardians are recorded with the highest
 * order, so they go first and do not interfere.
 * @param {string} home
 */
export async function stopLeftovers(home) {
  const folder = processesFolder(home)
  const instances = existsSync(folder) ? readdirSync(folder) : []
  const stopped = []
  for (const instance of instances) stopped.push(...(await stopInstance(home, instance)))
  return stopped
}

/**
 * Asks a process to end, and ends it after `graceMs`.
 * @param {import('../../setup/process-identity.mjs').ProcessIdentity} identity
 * @param {NodeJS.Signals} signal
 * @param {number} graceMs
 */
export async function stopProcess(identity, signal, graceMs) {
  if (!isAlive(identity)) return
  sendSignal(identity.pid, signal)
  if (await ended(identity, graceMs)) return
  sendSignal(identity.pid, 'SIGKILL')
  await ended(identity, 5_000)
}

/**
 * @param {import('../../setup/process-identity.mjs').ProcessIdentity} identity
 * @param {number} withinMs
 */
async function ended(identity, withinMs) {
  const deadline = Date.now() + withinMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}
