import type { CompiledFunction } from '../tracing/index.ts'
import type { Policy } from './decode-step.ts'
import { cacheVariables, copySlot, type KvCache } from './kv-cache.ts'

/** Copies what slot `from` holds into slot `to`; both (1). */
export function defineCopy({ program, model }: Policy, cache: KvCache): CompiledFunction<'from' | 'to', never> {
  const slot = { shape: [1], dtype: 'int32' as const }
  const spec = { inputs: { from: slot, to: slot }, variables: Object.keys(cacheVariables(cache, model)) }
  return program.define(`${cache.name}/copy`, spec, (variables, { from, to }) => {
    copySlot(cache, model, variables, from, to)
    return {}
  })
}
