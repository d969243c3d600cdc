import type { DataSource, Recipe } from '@temper/db/contracts'
import { getDataset, registerDataset } from '@temper/db/queries'
import { generateStories } from '../simulation/index.ts'
import type { Dependencies } from './dependencies.ts'
import { toJsonl } from './jsonl.ts'

/** The dataset behind each data source of a recipe; what a generator is to write is written and registered. */
export async function prepareData(deps: Dependencies, recipe: Recipe): Promise<Record<string, string>> {
  const ids: Record<string, string> = {}
  for (const [name, source] of Object.entries(recipe.data)) {
    ids[name] = 'dataset' in source ? (await getDataset(deps.db, source.dataset)).id : await generate(deps, source)
  }
  return ids
}

type GeneratedSource = Extract<DataSource, { generator: string }>

/** Same settings, same rows, same digest: the dataset of an earlier run is found again. */
async function generate({ db, store }: Dependencies, source: GeneratedSource): Promise<string> {
  const { sha256, sizeBytes } = await store.put(toJsonl(generateStories(source)))
  const { kind, count, seed, split } = source
  const dataset = await registerDataset(db, {
    name: `stories-${kind}${split === 'held-out' ? '-held-out' : ''}`,
    kind,
    rows: count,
    sizeBytes,
    sha256,
    source: `generator: stories, seed ${seed}, ${split}`,
  })
  return dataset.id
}
