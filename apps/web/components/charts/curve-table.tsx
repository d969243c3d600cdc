import { ScrollArea } from '#components/ui/scroll-area.tsx'
import { aboutMetric, type CurveTable } from '#lib/curves.ts'
import { formatMetric } from '#lib/stage-words.ts'

/** The same numbers as the curves, newest first: for screen readers, and for reading off. */
export function CurveTableView({ table }: { table: CurveTable }) {
  const names = [...table.columns.keys()]
  const rows = table.steps.map((step, row) => ({ step, row })).reverse()
  return (
    <ScrollArea label="Metrics" className="max-h-[560px] overflow-y-auto rounded-md border border-line bg-surface">
      <table className="tabular w-full border-separate border-spacing-0 text-sm">
        <thead>
          <tr>
            {['step', ...names].map((name) => (
              <th
                key={name}
                scope="col"
                title={aboutMetric(name)}
                className="sticky top-0 border-line border-b bg-sunken px-3 py-1.5 text-right font-medium whitespace-nowrap"
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ step, row }) => (
            <tr key={step} className="hover:bg-sunken">
              <th scope="row" className="px-3 py-0.5 text-right font-normal text-muted">
                {step}
              </th>
              {names.map((name) => {
                const value = table.columns.get(name)?.[row] ?? null
                return (
                  <td key={name} className="px-3 py-0.5 text-right" title={value === null ? undefined : String(value)}>
                    {value === null ? '' : formatMetric(name, value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  )
}
