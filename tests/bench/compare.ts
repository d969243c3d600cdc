import { median } from './median.ts'

type Line = { step_ms: number } & Record<string, unknown>

export interface Comparison<O, P> {
  /** The round of the median step of each side. */
  ours: O
  peer: P
  /** Ours over the peer's: above 1, ours is faster. */
  ratio: number
}

/**
 * Runs both sides in turn, so that what else the machine does meets both alike.
 * @param figure - name of the number in both lines that more of is better
 */
export async function compare<O extends Line, P extends Line>(
  sides: { ours: () => Promise<O>; peer: () => Promise<P> },
  options: { rounds: number; figure: string },
): Promise<Comparison<O, P>> {
  const ours: O[] = []
  const peer: P[] = []
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await sides.ours())
    peer.push(await sides.peer())
  }
  const [ofOurs, ofPeer] = [middle(ours), middle(peer)]
  const ratio = Number(ofOurs[options.figure]) / Number(ofPeer[options.figure])
  return { ours: ofOurs, peer: ofPeer, ratio: Number(ratio.toFixed(3)) }
}

/** A round that was run, not a mean of two: of an even number, the slower of the two in the middle. */
function middle<L extends Line>(lines: readonly L[]): L {
  const target = median(lines.map((line) => line.step_ms))
  const sorted = [...lines].sort((a, b) => a.step_ms - b.step_ms)
  return sorted.find((line) => line.step_ms >= target) as L
}
