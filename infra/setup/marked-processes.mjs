import { readdirSync } from 'node:fs'
import { readProc } from './process-identity.mjs'

/**
 * Kills every process whose environment carries `name=value`. Children inherit the mark, so this finds what a killed
 * parent has left running.
 * @param {string} name
 * @param {string} value
 */
export function killMarked(name, value) {
  const mark = `${name}=${value}`
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    const environment = readProc(`/proc/${entry}/environ`)?.split('\0')
    if (environment?.includes(mark)) sendSignal(Number(entry), 'SIGKILL')
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended by itself in the meantime.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}
