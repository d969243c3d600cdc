import { filteredProbabilities } from '@temper/engine/generation'
import { TracedProgram } from '@temper/engine/tracing'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const grid = z.array(z.array(z.number()))
const schema = z.object({ logits: grid, context: grid }).catchall(grid)

interface Filter {
  temperature: number
  topK: number
  topP: number
}

/** Sampling settings that a key like `temp_08_topk_10_topp_09` spells out; undefined for filters not known here. */
function settingsOf(key: string): Filter | undefined {
  const match = /^(?:temp(?:erature)?_(?<temperature>\d+))?_?(?:top_?k_(?<topK>\d+))?_?(?:top_?p_(?<topP>\d+))?$/.exec(
    key,
  )
  if (!match?.groups || key === '') return undefined
  const { temperature, topK, topP } = match.groups
  return { temperature: decimal(temperature) ?? 1, topK: Number(topK ?? 0), topP: decimal(topP) ?? 1 }
}

/** `07` means 0.7, `12` means 1.2. */
function decimal(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(`${digits[0]}.${digits.slice(1)}`)
}

/** Keys whose filter the engine does not have. */
export function unknownFilters(json: unknown): string[] {
  return filterKeys(schema.parse(json)).filter((key) => settingsOf(key) === undefined)
}

/** Probabilities that every known filter leaves. */
export async function checkSampling(json: unknown): Promise<Checks> {
  const reference = schema.parse(json)
  const checks = new Checks()
  for (const key of filterKeys(reference)) {
    const settings = settingsOf(key)
    if (!settings) continue
    const actual = await probabilities(reference.logits, settings)
    checks.absolute(key, actual, reference[key]?.flat() ?? [], tolerances.rl)
  }
  return checks
}

function filterKeys({ logits: _, context: __, ...filters }: z.infer<typeof schema>): string[] {
  return Object.keys(filters)
}

async function probabilities(logits: number[][], settings: Filter): Promise<ArrayLike<number>> {
  const program = new TracedProgram()
  const inputs = { logits: { shape: [logits.length, logits[0]?.length ?? 0], dtype: 'float32' as const } }
  const run = program.define('filter', { inputs }, (_variables, tensors) => ({
    kept: filteredProbabilities(tensors.logits, settings),
  }))
  const { kept } = await run({ logits: Float32Array.from(logits.flat()) })
  program.close()
  return kept.data
}
