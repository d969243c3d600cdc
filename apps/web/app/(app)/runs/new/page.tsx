import { pageSchema, shippedRecipeSchema } from '@temper/db/contracts'
import type { Metadata } from 'next'
import { NewRun } from '#components/runs/new-run.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'New run' }

export default async function NewRunPage() {
  const recipes = await readOnServer('/v1/recipes', pageSchema(shippedRecipeSchema))
  // The quickstart needs nothing but this installation: it is where to begin.
  const quickstartFirst = recipes.items.toSorted(
    (a, b) => Number(b.name === 'quickstart') - Number(a.name === 'quickstart'),
  )
  return (
    <>
      <PageTitle title="New run" />
      <NewRun recipes={quickstartFirst} />
    </>
  )
}
