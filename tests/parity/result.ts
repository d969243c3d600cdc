/** One line of the report. Deviation and tolerance are those of the section's worst check. */
export interface Result {
  /** `models/gpt2`, `rl.json`, `trl`, … */
  subject: string
  section: string
  status: 'passed' | 'failed' | 'unsupported'
  deviation: number | null
  tolerance: number | null
  /** The worst check, why it failed, or what is not supported. */
  detail: string
}

interface Check {
  name: string
  deviation: number
  tolerance: number
}

/** Compares numbers of one section with the reference and keeps how far each was off. */
export class Checks {
  readonly #checks: Check[] = []

  /** Largest absolute difference of two lists of equal length. */
  absolute(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
    this.#compare(name, actual, expected, tolerance, (a, b) => Math.abs(a - b))
  }

  /** Largest difference relative to the expected value; below `nearZero` relative to that. */
  relative(
    name: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    tolerance: number,
    nearZero = 1e-8,
  ): void {
    this.#compare(name, actual, expected, tolerance, (a, b) => Math.abs(a - b) / Math.max(Math.abs(b), nearZero))
  }

  /** Tokens must be the same: the deviation counts those that differ. */
  tokens(name: string, actual: readonly number[], expected: readonly number[]): void {
    const longer = Math.max(actual.length, expected.length)
    const differing = Array.from({ length: longer }, (_, i) => actual[i] !== expected[i]).filter(Boolean)
    this.#checks.push({ name, deviation: differing.length, tolerance: 0 })
  }

  /** Names must be the same on both sides. */
  names(name: string, actual: readonly string[], expected: readonly string[]): void {
    const odd = [...actual.filter((key) => !expected.includes(key)), ...expected.filter((key) => !actual.includes(key))]
    this.#checks.push({
      name: odd.length > 0 ? `${name}: ${odd.join(', ')}` : name,
      deviation: odd.length,
      tolerance: 0,
    })
  }

  result(subject: string, section: string): Result {
    const worst = this.#checks.reduce<Check | undefined>((a, b) => (a && severity(a) >= severity(b) ? a : b), undefined)
    if (!worst) return { ...failed(subject, section, 'nothing was compared') }
    const status = severity(worst) <= 1 ? 'passed' : 'failed'
    return { subject, section, status, deviation: worst.deviation, tolerance: worst.tolerance, detail: worst.name }
  }

  #compare(
    name: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    tolerance: number,
    distance: (a: number, b: number) => number,
  ): void {
    if (actual.length !== expected.length) {
      const lengths = `${name}: ${actual.length} values, expected ${expected.length}`
      this.#checks.push({ name: lengths, deviation: Number.POSITIVE_INFINITY, tolerance })
      return
    }
    const distances = Array.from(expected, (value, i) => distance(actual[i] ?? Number.NaN, value))
    // Math.max would also give NaN, but only reduce survives lists of any length.
    const deviation = distances.reduce((a, b) => (a >= b || Number.isNaN(a) ? a : b), 0)
    this.#checks.push({ name, deviation, tolerance })
  }
}

/** How many tolerances a check is off; NaN counts as infinitely many. */
function severity({ deviation, tolerance }: Check): number {
  if (deviation === 0) return 0
  const ratio = deviation / tolerance
  return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio
}

export function failed(subject: string, section: string, reason: string): Result {
  return { subject, section, status: 'failed', deviation: null, tolerance: null, detail: reason }
}

export function unsupported(subject: string, section: string, reason: string): Result {
  return { subject, section, status: 'unsupported', deviation: null, tolerance: null, detail: reason }
}

/** A section that throws has failed, with the message as its reason. */
export async function section(subject: string, name: string, body: () => Promise<Checks>): Promise<Result> {
  try {
    return (await body()).result(subject, name)
  } catch (error) {
    return failed(subject, name, error instanceof Error ? error.message : String(error))
  }
}
