import { EmptyState } from '#components/ui/panels.tsx'
import { aboutMetric } from '#lib/curves.ts'
import { formatMetric } from '#lib/stage-words.ts'

/** The last value of each metric of the stage that made it; families (`policy/…`) stand together. */
export function MetricTable({ metrics }: { metrics: Record<string, number> }) {
  const entries = Object.entries(metrics).sort(([a], [b]) => a.localeCompare(b))
  if (entries.length === 0) return <EmptyState title="No metrics">It was not trained here.</EmptyState>
  return (
    <dl className="tabular divide-y divide-line text-sm">
      {entries.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-4 px-4 py-1" title={aboutMetric(name)}>
          <dt className="text-muted">{name}</dt>
          <dd title={String(value)}>{formatMetric(name, value)}</dd>
        </div>
      ))}
    </dl>
  )
}
