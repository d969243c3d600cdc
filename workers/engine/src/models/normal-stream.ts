import { uniformStream } from './uniform-stream.ts'

/** Standard normal deviates one after another, by seed and stream: those of a uniform stream by Box and Muller (1958). */
export function normalStream(seed: number, stream: number): () => number {
  const next = uniformStream(seed, stream)
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const deviate = spare
      spare = undefined
      return deviate
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}
