import type { StepProfile } from './profile-step.ts'

/** Operations that take less than this share of the time are added up in one line. */
const smallShare = 0.005

/** The profile for people: a line an operation, then what the products would take alone. */
export function profileTable({ operations, ...step }: StepProfile): string {
  const all = operations.reduce((sum, { ms }) => sum + ms, 0)
  const large = operations.filter(({ ms }) => ms >= smallShare * all)
  const small = operations.slice(large.length)
  const rest = { op: `${small.length} others`, count: sum(small, 'count'), ms: sum(small, 'ms') }
  const lines = [...large, rest].map(({ op, count, ms }) =>
    [
      op.padEnd(40),
      String(count).padStart(7),
      ms.toFixed(1).padStart(10),
      `${((100 * ms) / all).toFixed(1)} %`.padStart(9),
    ].join(''),
  )
  return [
    `${'operation'.padEnd(40)}${'calls'.padStart(7)}${'ms'.padStart(10)}${'share'.padStart(9)}`,
    ...lines,
    `a step takes ${step.step_ms} ms; its products are ${step.product_gflop} GFLOP, which at the ${step.peak_gflops} GFLOP/s of a`,
    `large product would take ${((1000 * step.product_gflop) / step.peak_gflops).toFixed(0)} ms: ${(100 * step.share_of_peak).toFixed(0)} % of the peak`,
  ].join('\n')
}

function sum(items: readonly { count: number; ms: number }[], key: 'count' | 'ms'): number {
  return items.reduce((total, item) => total + item[key], 0)
}
