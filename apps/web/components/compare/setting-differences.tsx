import type { Run } from '@temper/db/contracts'
import { EmptyState, Section } from '#components/ui/panels.tsx'
import { differencesOf } from '#lib/compare-runs.ts'
import { ComparisonTable } from './comparison-table.tsx'

/** Settings that differ, by stage, defaults filled in. */
export function SettingDifferences({ runs }: { runs: Run[] }) {
  const differences = differencesOf(runs)
  const parts = differences.map(({ part, settings }) => ({ part, rows: settings }))
  return (
    <Section title="Settings that differ" flush>
      {parts.length === 0 ? (
        <EmptyState title="None">
          These runs have the same recipe and seed: on one device their numbers are the same, bit for bit.
        </EmptyState>
      ) : (
        <ComparisonTable label="Differing settings" head="Setting" parts={parts} runCount={runs.length} mono />
      )}
    </Section>
  )
}
