/**
 * Numbers of completion tokens as a feed (R, maxTokens), 0 behind each completion.
 * @param values - a list a completion, one number a token
 * @param rows - which completions, in the order of the rows
 */
export function completionGrid(values: readonly (readonly number[])[], rows: readonly number[], maxTokens: number) {
  const data = new Float32Array(rows.length * maxTokens)
  for (const [to, from] of rows.entries()) data.set(values[from] ?? [], to * maxTokens)
  return { shape: [rows.length, maxTokens], data }
}
