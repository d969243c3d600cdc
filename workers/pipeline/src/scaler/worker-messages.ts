import { z } from 'zod'

/** What an engine worker tells the scaler that started it: how many jobs it has in hand. */
export const workerMessageSchema = z.strictObject({ type: z.literal('activity'), running: z.number().int().min(0) })
export type WorkerMessage = z.infer<typeof workerMessageSchema>

const everyMs = 500

/** Tells the scaler, where one started this process. Returns a function that ends it. */
export function reportActivity(running: () => number): () => void {
  const report = () => {
    const message: WorkerMessage = { type: 'activity', running: running() }
    if (process.connected) process.send?.(message)
  }
  const timer = setInterval(report, everyMs)
  return () => clearInterval(timer)
}
