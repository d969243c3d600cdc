'use client'

import { useQueries } from '@tanstack/react-query'
import type { Run } from '@temper/db/contracts'
import { runQuery } from '#lib/queries.ts'
import { ComparedCurves } from './compared-curves.tsx'
import { ComparedResults } from './compared-results.tsx'
import { ComparedRuns } from './compared-runs.tsx'
import { SettingDifferences } from './setting-differences.tsx'

/** Two to four runs beside each other: what was set otherwise, how the curves went, what came out. */
export function RunComparison({ first }: { first: Run[] }) {
  const queries = first.map((run) => ({ ...runQuery(run.id), initialData: run }))
  const runs = useQueries({ queries }).map(({ data }) => data)
  return (
    <div className="space-y-8">
      <ComparedRuns runs={runs} />
      <SettingDifferences runs={runs} />
      <ComparedResults runs={runs} />
      <ComparedCurves runs={runs} />
    </div>
  )
}
