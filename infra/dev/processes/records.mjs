import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * One running part of a stack, on disk, so that whoever comes later can stop it.
 * `order` is the place in the start order; parts are stopped from the highest to the lowest.
 * @typedef {import('../../setup/process-identity.mjs').ProcessIdentity & {
 *   part: string, order: number, stopSignal: NodeJS.Signals, stopGraceMs: number
 * }} ProcessRecord
 */

/**
 * Each start of a stack is an instance with a folder of its own: a guardian of an older one never touches a newer one.
 * @param {string} home
 */
export function processesFolder(home) {
  return join(home, 'processes')
}

/**
 * Environment variable that every part and all their children carry, by which strays are found.
 * @param {string} home
 * @param {string} instance
 */
export function stackMark(home, instance) {
  return { TEMPER_STACK: `${home}#${instance}` }
}

/**
 * @param {string} folder of one instance
 * @param {ProcessRecord} record
 */
export function writeRecord(folder, record) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `.${record.part}`)
  writeFileSync(draft, JSON.stringify(record))
  renameSync(draft, recordPath(folder, record.part))
}

/**
 * @param {string} folder
 * @param {string} part
 */
export function removeRecord(folder, part) {
  rmSync(recordPath(folder, part), { force: true })
}

/**
 * Records of one instance, in the order in which to stop them.
 * @param {string} folder
 * @returns {ProcessRecord[]}
 */
export function readRecords(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const records = names.map(
    (name) => /** @type {ProcessRecord} */ (JSON.parse(readFileSync(join(folder, name), 'utf8'))),
  )
  return records.sort((left, right) => right.order - left.order)
}

/**
 * @param {string} folder
 * @param {string} part
 */
function recordPath(folder, part) {
  return join(folder, `${part}.json`)
}
