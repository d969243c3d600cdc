import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export const temporalVersion = '1.5.1'

/** What is fetched or built once per machine and version: `TEMPER_CACHE`, else the user's cache folder. */
export function cacheFolder() {
  const { TEMPER_CACHE, XDG_CACHE_HOME } = process.env
  return TEMPER_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'temper')
}

/** @param {string[]} parts of a path inside the repository */
export function inRepository(...parts) {
  return join(repositoryRoot, ...parts)
}

/**
 * The program that the shell would run, if there is one.
 * @param {string} name
 */
export function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The Temporal binary: `TEMPER_TEMPORAL`, `temporal` on PATH, or the one that set-up has put into the cache. */
export function findTemporal() {
  const candidates = [process.env.TEMPER_TEMPORAL, onPath('temporal'), cachedTemporal()]
  return candidates.find((path) => path !== undefined && isExecutable(path))
}

export function cachedTemporal() {
  return join(cacheFolder(), `temporal-${temporalVersion}`, 'temporal')
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false
    throw error
  }
}
