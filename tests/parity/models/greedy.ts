import { join } from 'node:path'
import { samplingSchema } from '@temper/db/contracts'
import { Generator } from '@temper/engine/generation'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { openModels } from './open-models.ts'
import { generateSchema } from './reference-files.ts'

/** Greedy tokens through the shipped generator, with its cache, all prompts at once. */
export async function checkGreedy(dir: string): Promise<Checks> {
  const reference = await readJson(join(dir, 'generate.json'), generateSchema)
  const names = Object.keys(reference.prompts)
  const prompts = Object.values(reference.prompts)
  const expected = names.map((name) => reference[`greedy_${name}`] ?? [])
  const maxTokens = Math.max(...expected.map((ids, i) => ids.length - (prompts[i]?.length ?? 0)))
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint') })
  try {
    const generator = new Generator(program, model, 'policy', prompts.length)
    const sampling = samplingSchema.parse({ temperature: 0, maxTokens })
    const completions = await generator.generate({ prompts, sampling, stopIds: [], seed: 0 })
    const checks = new Checks()
    for (const [i, name] of names.entries()) {
      checks.tokens(`greedy_${name}`, [...(prompts[i] ?? []), ...(completions[i]?.ids ?? [])], expected[i] ?? [])
    }
    return checks
  } finally {
    program.close()
  }
}
