import type { CompiledFunction } from '../tracing/index.ts'
import type { Policy } from './decode-step.ts'
import { copySlot, type KvCache } from './kv-cache.ts'

/** Copies what slot `from` holds into slot `to`; both (1). */
export function defineCopy({ program, model }: Policy, cache: KvCache): CompiledFunction<'from' | 'to', never> {
  const slot = { shape: [1], dtype: 'int32' as const }
  return program.define(`${cache.name}/copy`, { inputs: { from: slot, to: slot } }, (variables, { from, to }) => {
    copySlot(cache, model, variables, from, to)
    return {}
  })
}
