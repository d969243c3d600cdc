/**
 * Runs a reward function once: `{ code, samples, timeoutMs }` as JSON on standard input, its scores or what went wrong as
 * JSON on standard output. Given to Node by `--eval` in a process without environment, files, workers or children.
 */
import { text } from 'node:stream/consumers'
import vm from 'node:vm'

const { code, samples, timeoutMs } = JSON.parse(await text(process.stdin))

/** A realm with the language alone: no Node, no network, and no object of this realm to reach them by. */
const context = vm.createContext(Object.create(null), {
  codeGeneration: { strings: false, wasm: false },
  microtaskMode: 'afterEvaluate',
})

/**
 * Clocks and chance would make a resumed run differ from an undisturbed one; buffers lie outside the heap, whose limit
 * would not hold them.
 */
const withoutChance = `
for (const name of Reflect.ownKeys(globalThis)) {
  if (/Array$|^Date$|^DataView$|Buffer$|^Atomics$|^WebAssembly$|^Intl$|^console$|^WeakRef$|^FinalizationRegistry$/.test(String(name)) && name !== 'Array') delete globalThis[name]
}
delete Math.random
`

const call = `
(() => {
  const score = (part) => {
    const scores = rewardModule.default(part)
    return Array.isArray(scores) ? scores.map((one) => (typeof one === 'number' ? String(one) : typeof one)) : typeof scores
  }
  const fails = (sample) => {
    try {
      score([sample])
      return false
    } catch {
      return true
    }
  }
  try {
    return JSON.stringify({ scores: score(JSON.parse(samples)) })
  } catch (thrown) {
    return JSON.stringify({ thrown: String(thrown), sample: JSON.parse(samples).findIndex(fails) })
  }
})()
`

context.samples = JSON.stringify(samples)
vm.runInContext(withoutChance, context)
try {
  const answer = vm.runInContext(`${code}\n;${call}`, context, { timeout: timeoutMs, filename: 'reward-function' })
  process.stdout.write(String(answer))
} catch (thrown) {
  const timedOut = thrown?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  process.stdout.write(JSON.stringify(timedOut ? { timedOut } : { thrown: String(thrown), sample: -1 }))
}
