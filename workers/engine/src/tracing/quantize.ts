/** The largest number that a row's values become. */
const largest = 127

/** A matrix as whole numbers from −127 to 127 times a number a row. */
export interface QuantizedMatrix {
  /** (R, C), row by row. */
  values: Int32Array
  /** (R) */
  scales: Float32Array
}

/**
 * Rounds each row to 127ths of its largest number, so that no value is off by more than half of that. Zeros stay zeros.
 * @param matrix - (rows, columns), row by row
 */
export function quantizeRows(matrix: Float32Array, [rows = 0, columns = 0]: readonly number[]): QuantizedMatrix {
  const values = new Int32Array(matrix.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const from = row * columns
    let most = 0
    for (let i = from; i < from + columns; i++) most = Math.max(most, Math.abs(matrix[i] as number))
    const scale = Math.fround(most / largest)
    scales[row] = scale
    if (scale === 0) continue
    for (let i = from; i < from + columns; i++) values[i] = Math.round((matrix[i] as number) / scale)
  }
  return { values, scales }
}

/** The matrix again. */
export function dequantizeRows({ values, scales }: QuantizedMatrix): Float32Array {
  const columns = values.length / Math.max(1, scales.length)
  return Float32Array.from(values, (value, i) => value * (scales[Math.floor(i / columns)] as number))
}
