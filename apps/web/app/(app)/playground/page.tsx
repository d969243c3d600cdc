import type { Metadata } from 'next'
import { Playground } from '#components/playground/playground.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { checkpointPageSchema } from '#lib/queries.ts'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Playground' }

interface Props {
  searchParams: Promise<{ left?: string; right?: string }>
}

export default async function PlaygroundPage({ searchParams }: Props) {
  const [checkpoints, chosen] = await Promise.all([
    readOnServer('/v1/checkpoints?limit=100', checkpointPageSchema),
    searchParams,
  ])
  const policies = checkpoints.items.filter((checkpoint) => checkpoint.kind === 'policy')
  return (
    <>
      <PageTitle title="Playground" />
      <Playground policies={policies} left={chosen.left} right={chosen.right} />
    </>
  )
}
