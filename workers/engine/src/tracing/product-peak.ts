import type { Precision } from './program.ts'
import { TracedProgram } from './traced-program.ts'

const side = 1024
const products = 4
const rounds = 4

/** Of this process, which has one device. */
const known = new Map<Precision, number>()

/**
 * Floating-point operations a second of a chain of large matrix products on this device: the best of some rounds.
 * Measured at the first call of a process, so that shares of it do not jump between the stages and segments that it runs.
 */
export async function productPeak(precision: Precision): Promise<number> {
  const peak = known.get(precision) ?? (await measure(precision))
  known.set(precision, peak)
  return peak
}

async function measure(precision: Precision): Promise<number> {
  const program = new TracedProgram()
  try {
    await program.addVariables({ x: { shape: [side, side], dtype: 'float32' } })
    const chain = program.define('chain', { inputs: {}, precision }, ({ x }) => {
      const start = x as NonNullable<typeof x>
      let y = start.matMul(start)
      for (let product = 1; product < products; product++) y = y.matMul(start)
      return { y: y.slice([0, 0], [1, 1]) }
    })
    const roundsMs: number[] = []
    for (let round = 0; round < rounds; round++) {
      const startedMs = performance.now()
      await chain({})
      roundsMs.push(performance.now() - startedMs)
    }
    return (products * 2 * side ** 3) / (Math.min(...roundsMs) / 1000)
  } finally {
    program.close()
  }
}
