import { labelProgressSchema } from '@temper/db/contracts'
import Link from 'next/link'
import { Overview } from '#components/overview/overview.tsx'
import { buttonClass } from '#components/ui/button.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { checkpointPageSchema, runPageSchema } from '#lib/queries.ts'
import { readOnServer } from '#lib/server-api.ts'

/** What needs the visitor, what runs, and what has come out of it. */
export default async function OverviewPage() {
  const [runs, checkpoints, progress] = await Promise.all([
    readOnServer('/v1/runs?limit=50', runPageSchema),
    readOnServer('/v1/checkpoints?limit=100', checkpointPageSchema),
    readOnServer('/v1/comparisons/progress', labelProgressSchema),
  ])
  return (
    <>
      <PageTitle title="Overview">
        <Link href="/runs/new" className={buttonClass('primary')}>
          New run
        </Link>
      </PageTitle>
      <Overview runs={runs} checkpoints={checkpoints} progress={progress} />
    </>
  )
}
