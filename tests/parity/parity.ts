import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { checkGguf } from './gguf/check-gguf.ts'
import { checkModels } from './models/check-models.ts'
import type { Result } from './result.ts'
import { checkRl } from './rl/check-rl.ts'
import { checkSmollm2 } from './smollm2/check-smollm2.ts'
import { checkTokenizers } from './tokenizers/check-tokenizers.ts'
import { checkTrl } from './trl/check-trl.ts'

/** What a folder of reference numbers may hold, in this order. */
const parts: { path: string; check: (path: string) => AsyncGenerator<Result> }[] = [
  { path: 'models', check: checkModels },
  { path: 'rl.json', check: checkRl },
  { path: 'trl', check: checkTrl },
  { path: 'tokenizers', check: checkTokenizers },
  { path: 'gguf', check: checkGguf },
  { path: 'smollm2', check: checkSmollm2 },
]

/**
 * Compares the engine with reference numbers, section by section.
 * @throws TemperError not_found for a folder that holds none
 */
export async function* parity(dir: string): AsyncGenerator<Result> {
  let found = 0
  for (const { path, check } of parts) {
    const present = await access(join(dir, path)).then(
      () => true,
      () => false,
    )
    if (!present) continue
    found++
    yield* check(join(dir, path))
  }
  if (found > 0) return
  throw new TemperError('not_found', `${dir} holds none of ${parts.map((part) => part.path).join(', ')}`)
}
