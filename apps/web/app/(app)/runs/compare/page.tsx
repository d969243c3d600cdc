import { runSchema } from '@temper/db/contracts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { RunComparison } from '#components/compare/run-comparison.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { mostCompared } from '#lib/compare-runs.ts'
import { findOnServer } from '#lib/server-api.ts'

export const metadata: Metadata = { title: 'Compare runs' }

/** `?runs=` holds the ids, separated by commas. */
export default async function ComparePage({ searchParams }: { searchParams: Promise<{ runs?: string }> }) {
  const asked = [...new Set(((await searchParams).runs ?? '').split(',').filter((id) => id !== ''))]
  const ids = asked.slice(0, mostCompared)
  const found = await Promise.all(ids.map((id) => findOnServer(`/v1/runs/${encodeURIComponent(id)}`, runSchema)))
  const runs = found.filter((run) => run !== undefined)
  const missing = ids.filter((_, index) => found[index] === undefined)
  return (
    <>
      <PageTitle title="Compare runs" />
      <div className="space-y-6">
        {missing.length > 0 && (
          <Problem title={`There is no run ${missing.join(', ')}`}>
            The address may be cut short. Choose the runs again in the <RunsLink />.
          </Problem>
        )}
        {asked.length > ids.length && (
          <Problem title={`At most ${mostCompared} runs are compared`}>The first {mostCompared} are shown.</Problem>
        )}
        {runs.length >= 2 ? (
          <RunComparison first={runs} />
        ) : (
          <div className="rounded-md border border-line bg-surface">
            <EmptyState title="Two runs are needed">
              Tick 2 to {mostCompared} of them in the <RunsLink />, then choose Compare.
            </EmptyState>
          </div>
        )}
      </div>
    </>
  )
}

function RunsLink() {
  return (
    <Link href="/runs" className="text-accent underline">
      list of runs
    </Link>
  )
}
