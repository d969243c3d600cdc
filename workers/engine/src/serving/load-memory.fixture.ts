/** Loads the checkpoint in the folder it is given, in a process of its own, and prints by how many bytes memory rose. */
import { readFileSync } from 'node:fs'
import { TracedProgram } from '../tracing/index.ts'
import { loadServedModel } from './load-served-model.ts'

function memory(name: 'VmRSS' | 'VmHWM'): number {
  return 1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

// What TensorFlow takes for itself is there before.
const first = new TracedProgram()
await first.addVariables({ one: { shape: [1], dtype: 'float32' } })
first.close()
const before = memory('VmRSS')
const served = await loadServedModel(process.argv[2] ?? '', 'fp32')
console.log(memory('VmHWM') - before)
served.close()
