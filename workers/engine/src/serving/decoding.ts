import type { Sampling } from '@temper/db/contracts'

export interface Decoding {
  prompt: readonly number[]
  sampling: Sampling
  stopIds: readonly number[]
  seed: number
  index: number
  topLogprobs?: number
  onToken?: (token: DecodedToken) => boolean
  signal?: AbortSignal
}
export interface DecodedToken {
  id: number
  logp: number
  top?: { id: number; logp: number }[]
}
