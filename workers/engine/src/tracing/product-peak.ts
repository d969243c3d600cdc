import { TracedProgram } from '@temper/engine/tracing'
import { type Precision, timed } from '../works/work.ts'

const side = 1024
const products = 8

/** Floating-point operations a second of a chain of large matrix products: the best of 5 rounds. */
export async function productPeak(precision: Precision): Promise<number> {
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
    for (let round = 0; round < 5; round++) roundsMs.push(await timed(() => chain({})))
    return (products * 2 * side ** 3) / (Math.min(...roundsMs) / 1000)
  } finally {
    program.close()
  }
}
