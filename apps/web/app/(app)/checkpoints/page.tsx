import type { Metadata } from 'next'
import { CheckpointList } from '#components/checkpoint/checkpoint-list.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { checkpointPageSchema } from '#lib/queries.ts'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Checkpoints' }

export default async function CheckpointsPage() {
  const checkpoints = await readOnServer('/v1/checkpoints?limit=100', checkpointPageSchema)
  return (
    <>
      <PageTitle title="Checkpoints" />
      <CheckpointList first={checkpoints} />
    </>
  )
}
