import type { Metadata } from 'next'
import Link from 'next/link'
import { RunList } from '#components/runs/run-list.tsx'
import { buttonClass } from '#components/ui/button.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { runPageSchema } from '#lib/queries.ts'
import { readOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Runs' }

export default async function RunsPage() {
  const runs = await readOnServer('/v1/runs?limit=50', runPageSchema)
  return (
    <>
      <PageTitle title="Runs">
        <Link href="/runs/new" className={buttonClass('primary')}>
          New run
        </Link>
      </PageTitle>
      <RunList first={runs} />
    </>
  )
}
