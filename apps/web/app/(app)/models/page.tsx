import type { Metadata } from 'next'
import { Models } from '#components/models/models.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { importPageSchema } from '#lib/queries.ts'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Models' }

export default async function ModelsPage() {
  const imports = await readOnServer('/v1/imports?limit=50', importPageSchema)
  return (
    <>
      <PageTitle title="Models" />
      <Models first={imports} />
    </>
  )
}
