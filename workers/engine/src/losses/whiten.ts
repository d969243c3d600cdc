/**
 * Scales values over all completions to variance 1 (unbiased, as torch.var), and to mean 0 unless `shiftMean` is false.
 * @param rows - one list a completion, of real tokens only
 */
export function whiten(rows: readonly ArrayLike<number>[], options: { shiftMean?: boolean } = {}): number[][] {
  const { shiftMean = true } = options
  const all = rows.flatMap((row) => Array.from(row))
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const variance = all.length > 1 ? squares / (all.length - 1) : 0
  const scale = 1 / Math.sqrt(variance + 1e-8)
  return rows.map((row) => Array.from(row, (value) => (value - mean) * scale + (shiftMean ? 0 : mean)))
}
