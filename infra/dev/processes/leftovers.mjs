import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, readProc } from '../../setup/process-identity.mjs'
import { processesFolder, readRecords } from './records.mjs'

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
  killMarked(`${home}#${instance}`)
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
  send(identity.pid, signal)
  if (await ended(identity, graceMs)) return
  send(identity.pid, 'SIGKILL')
  await ended(identity, 5_000)
}

/**
 * Kills every process whose environment carries the mark, children of a part included.
 * @param {string} mark
 */
export function killMarked(mark) {
  const entry = `TEMPER_STACK=${mark}`
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const environment = readProc(`/proc/${name}/environ`)?.split('\0')
    if (environment?.includes(entry)) send(Number(name), 'SIGKILL')
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function send(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended by itself in the meantime.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
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
