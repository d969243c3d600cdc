/**
 * Writes the newest value whenever the one before is written. For what only people look at: a write that fails goes to
 * `onError`, and the next value is tried.
 */
export function writeNewest<T>(write: (value: T) => Promise<unknown>, onError: (error: unknown) => void) {
  let newest: T | undefined
  let writing: Promise<void> | undefined
  const writeAll = async () => {
    for (let next = newest; next !== undefined; next = newest) {
      newest = undefined
      await write(next).catch(onError)
    }
    writing = undefined
  }
  return {
    show(value: T): void {
      newest = value
      writing ??= writeAll()
    },
    /** Waits for the last write, however it ends. */
    settle: async () => writing,
  }
}
