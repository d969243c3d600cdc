import { nextComparisonsSchema } from '@temper/db/contracts'
import type { Metadata } from 'next'
import { LabelSession } from '#components/label/label-session.tsx'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Label' }

/** One comparison at a time, and nothing else. */
export default async function LabelPage({ searchParams }: { searchParams: Promise<{ run?: string }> }) {
  const { run } = await searchParams
  const query = new URLSearchParams({ limit: '3', ...(run === undefined ? {} : { run }) })
  const first = await readOnServer(`/v1/comparisons/next?${query}`, nextComparisonsSchema)
  return <LabelSession first={first} run={run} />
}
