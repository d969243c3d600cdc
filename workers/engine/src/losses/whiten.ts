/**
 * Scales the values whose mask is 1 to variance 1 (unbiased, as torch.var), and to mean 0 unless `shiftMean` is false.
 * The rest become 0.
 */
export function whiten(
  values: ArrayLike<number>,
  mask: ArrayLike<number>,
  options: { shiftMean?: boolean } = {},
): Float32Array {
  const { shiftMean = true } = options
  const real = Array.from(values).filter((_, i) => mask[i] === 1)
  const mean = real.reduce((sum, value) => sum + value, 0) / real.length
  const squares = real.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const scale = 1 / Math.sqrt(squares / Math.max(1, real.length - 1) + 1e-8)
  const base = shiftMean ? 0 : mean
  return Float32Array.from(values, (value, i) => (mask[i] === 1 ? (value - mean) * scale + base : 0))
}
