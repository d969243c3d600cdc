import { z } from 'zod'

export const workerStates = ['idle', 'busy', 'stopping'] as const
export type WorkerState = (typeof workerStates)[number]

/** A worker process that was seen in the last minute. */
export const workerSchema = z.strictObject({
  id: z.string(),
  queue: z.string(),
  device: z.string(),
  host: z.string(),
  pid: z.number().int(),
  state: z.enum(workerStates),
  startedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
})
export type Worker = z.infer<typeof workerSchema>
