import { spawn } from 'node:child_process'
import { cacheFolder } from './places.mjs'

/** Environment variable of every command of a set-up, by which the next one finds what a killed one left running. */
export const setupMark = 'TEMPER_SETUP'

/** A set-up problem that the user can solve: printed as it is, without a stack. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError'
}

/**
 * Runs a command to its end and returns what it printed. Throws a SetupError with the last lines when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>}
 */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...(options.env ?? process.env), [setupMark]: cacheFolder() }
    const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => reject(new SetupError(`cannot run ${command}: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const ending = signal ?? `exit code ${code}`
      reject(new SetupError(`${command} ${args.join(' ')}\nended with ${ending}:\n${shorten(output)}`))
    })
  })
}

/**
 * The first and the last lines of a long output: some programs name the problem first, some last.
 * @param {string} output
 */
function shorten(output) {
  const lines = output.trimEnd().split('\n')
  return lines.length <= 40 ? lines.join('\n') : [...lines.slice(0, 20), '…', ...lines.slice(-20)].join('\n')
}
