/** Seconds since the last call, by a clock of milliseconds. */
export function stopwatch(nowMs: () => number): () => number {
  let lastMs = nowMs()
  return () => {
    const now = nowMs()
    const seconds = (now - lastMs) / 1000
    lastMs = now
    return seconds
  }
}
