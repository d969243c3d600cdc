import { join } from 'node:path'
import { BeamSearch } from '@temper/engine/generation'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { openModels } from './open-models.ts'
import { generateSchema } from './reference-files.ts'

/** Best of four beams, all prompts at once; `length_penalty` 1, no early stopping, no end token. */
export async function checkBeam(dir: string): Promise<Checks> {
  const reference = await readJson(join(dir, 'generate.json'), generateSchema)
  const names = Object.keys(reference.prompts)
  const prompts = Object.values(reference.prompts)
  const expected = names.map((name) => reference[`beam4_${name}`] ?? [])
  const maxTokens = Math.max(...expected.map((ids, i) => ids.length - (prompts[i]?.length ?? 0)))
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint') })
  try {
    const search = new BeamSearch(program, model, 'policy')
    const found = await search.search({ prompts, numBeams: 4, maxTokens, stopIds: [] })
    const checks = new Checks()
    for (const [i, name] of names.entries()) {
      checks.tokens(`beam4_${name}`, [...(prompts[i] ?? []), ...(found[i]?.[0]?.ids ?? [])], expected[i] ?? [])
    }
    return checks
  } finally {
    program.close()
  }
}
