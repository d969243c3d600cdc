import { checkpointSchema, lineageGraphSchema } from '@temper/db/contracts'
import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { cache } from 'react'
import { CheckpointView } from '#components/checkpoint/checkpoint-view.tsx'
import { checkpointTitle } from '#lib/checkpoint-words.ts'
import { readOnServer } from '#lib/server-api.ts'

interface Props {
  params: Promise<{ id: string }>
}

const readCheckpoint = cache((id: string) =>
  readOnServer(`/v1/checkpoints/${encodeURIComponent(id)}`, checkpointSchema),
)

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: checkpointTitle(await readCheckpoint((await params).id)) }
}

export default async function CheckpointPage({ params }: Props) {
  const { id } = await params
  const [checkpoint, lineage] = await Promise.all([
    readCheckpoint(id),
    readOnServer(`/v1/checkpoints/${encodeURIComponent(id)}/lineage`, lineageGraphSchema),
  ])
  return <CheckpointView checkpoint={checkpoint} lineage={lineage} origin={originOf(await headers())} />
}

/** Where the visitor reached this server, proxies in between included. */
function originOf(received: Headers): string {
  const host = received.get('x-forwarded-host') ?? received.get('host') ?? 'localhost'
  return `${received.get('x-forwarded-proto') ?? 'http'}://${host}`
}
