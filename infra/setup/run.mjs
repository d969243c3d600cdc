import { pathToFileURL } from 'node:url'
import { SetupError } from './command.mjs'
import { inRepository } from './places.mjs'
import { setUp } from './set-up.mjs'

/**
 * `node infra/setup/run.mjs [--without STEP]… [SCRIPT ARGUMENT…]`: sets up whatever is missing, then runs a TypeScript
 * file of this repository in this very process, so that signals and the terminal reach it directly. Plain JavaScript
 * without dependencies, since node_modules may not exist yet.
 */
const words = process.argv.slice(2)
/** @type {string[]} */
const without = []
while (words[0] === '--without') without.push(...words.splice(0, 2).slice(1))
const [script, ...scriptArguments] = words

await setUp(without).then(
  (changed) => {
    if (script === undefined) console.log(changed ? 'Temper is set up.' : 'Temper is set up; nothing to do.')
  },
  (error) => {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exit(1)
  },
)
if (script !== undefined) await runScript(script, scriptArguments)

/**
 * @param {string} path
 * @param {string[]} rest
 */
async function runScript(path, rest) {
  const { register } = await import('tsx/esm/api')
  register()
  const file = inRepository(path)
  process.argv.splice(1, process.argv.length, file, ...rest)
  await import(pathToFileURL(file).href)
}
