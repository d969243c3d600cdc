import { existsSync, readFileSync } from 'node:fs'
import { runCommand } from './command.mjs'
import { inRepository } from './places.mjs'

/**
 * npm packages exactly as package-lock.json has them; compared with what npm has noted about node_modules.
 * @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, link?: boolean }>} Packages
 */
export const packages = {
  title: 'npm packages',
  isDone: () => existsSync(inRepository('node_modules/.package-lock.json')) && differences().length === 0,
  run: async () => {
    // Not `npm ci`: it refuses a lock file that lacks optional packages of other systems, which mirrors may not carry.
    // Without saving, versions come from the lock file and the file stays as it is.
    await runCommand('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: inRepository(),
    })
  },
}

/** Packages that are missing or of another version. Optional ones may be left out, as those for other systems are. */
function differences() {
  const wanted = readPackages('package-lock.json')
  const installed = readPackages('node_modules/.package-lock.json')
  return Object.keys(wanted).filter((path) => {
    const [want, has] = [wanted[path], installed[path]]
    if (!path.includes('node_modules/') || want === undefined) return false
    if (want.link === true) return !existsSync(inRepository(path))
    if (has === undefined) return want.optional !== true
    return has.version !== want.version || has.integrity !== want.integrity
  })
}

/**
 * @param {string} file
 * @returns {Packages}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(inRepository(file), 'utf8')).packages
}
