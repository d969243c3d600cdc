import { runSchema } from '@temper/db/contracts'
import type { Metadata } from 'next'
import { cache } from 'react'
import { RunView } from '#components/run/run-view.tsx'
import { readOnServer } from '#lib/server-api.ts'

interface Props {
  params: Promise<{ id: string }>
  searchParams: Promise<{ stage?: string }>
}

const readRun = cache((id: string) => readOnServer(`/v1/runs/${encodeURIComponent(id)}`, runSchema))

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await readRun((await params).id)).name }
}

export default async function RunPage({ params, searchParams }: Props) {
  const run = await readRun((await params).id)
  return <RunView first={run} stageName={(await searchParams).stage} />
}
