export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

/** Mean squared distance from the mean. */
export function variance(values: readonly number[]): number {
  const center = mean(values)
  return mean(values.map((value) => (value - center) ** 2))
}

/** Standard deviation that divides by n − 1, as torch.std does; 0 of one value. */
export function deviation(values: readonly number[]): number {
  const count = values.length
  return count < 2 ? 0 : Math.sqrt((variance(values) * count) / (count - 1))
}
