/** A rule that a well-formed recipe still breaks, at the value at `path`. */
export interface Finding {
  path: (string | number)[]
  message: string
  nearest?: string | null
}
