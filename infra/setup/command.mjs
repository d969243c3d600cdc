import { spawn } from 'node:child_process'

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
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => reject(new SetupError(`cannot run ${command}: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const lastLines = output.trimEnd().split('\n').slice(-25).join('\n')
      reject(new SetupError(`${command} ${args.join(' ')}\nended with ${signal ?? `exit code ${code}`}:\n${lastLines}`))
    })
  })
}
