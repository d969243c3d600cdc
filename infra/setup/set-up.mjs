import { join } from 'node:path'
import { setupMark } from './command.mjs'
import { engineKernels } from './engine-kernels.mjs'
import { lock } from './lock.mjs'
import { killMarked } from './marked-processes.mjs'
import { packages } from './packages.mjs'
import { cacheFolder } from './places.mjs'
import { postgresLinks } from './postgres-links.mjs'
import { showProgress } from './progress.mjs'
import { sessionAddon } from './session-addon.mjs'
import { temporal } from './temporal.mjs'
import { tensorflow } from './tensorflow.mjs'
import { tfjsBinding } from './tfjs-binding.mjs'
import { checkMachine } from './tools.mjs'
import { web } from './web.mjs'

/**
 * `isDone` is quick and changes nothing; `run` may be killed anywhere and run again.
 * @typedef {{ title: string, isDone: () => boolean, run: (note: (text: string) => void) => Promise<void> | void }} Step
 */

/** @type {Record<string, Step>} in order: each may use what the ones before it have made */
const steps = { packages, postgresLinks, tensorflow, tfjsBinding, sessionAddon, engineKernels, temporal, web }

/**
 * Brings this checkout and the cache up to date. Two at once take turns.
 * @param {readonly string[]} without names of steps that the caller does not need
 * @returns {Promise<boolean>} whether there was anything to do
 */
export async function setUp(without = []) {
  checkMachine()
  const wanted = Object.entries(steps).filter(([name]) => !without.includes(name))
  if (wanted.every(([, step]) => step.isDone())) return false
  const release = await lock(join(cacheFolder(), 'setup.lock'), ({ pid }) =>
    console.log(`another set-up (process ${pid}) is at work; waiting for it`),
  )
  // Whatever still carries the mark now belongs to a set-up that was killed.
  killMarked(setupMark, cacheFolder())
  try {
    for (const [, step] of wanted) if (!step.isDone()) await showProgress(step.title, (note) => step.run(note))
  } finally {
    release()
  }
  return true
}
