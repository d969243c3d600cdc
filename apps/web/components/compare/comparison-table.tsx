import { ScrollArea } from '#components/ui/scroll-area.tsx'
import { classNames } from '#lib/class-names.ts'
import { runMarks } from '#lib/compare-runs.ts'
import { RunLetter } from './run-letter.tsx'

interface ComparisonTableProps {
  label: string
  /** What the first column holds. */
  head: string
  /** Rows by part of the run; values are one a run, and '–' where a run has none. */
  parts: { part: string; rows: { key: string; values: string[] }[] }[]
  runCount: number
  mono?: boolean
}

/** A column a run, under the letters of the runs; rows by part. */
export function ComparisonTable({ label, head, parts, runCount, mono = false }: ComparisonTableProps) {
  const cell = classNames('px-4 py-1.5 align-top [overflow-wrap:anywhere]', mono ? 'font-mono' : 'tabular')
  return (
    <ScrollArea label={label}>
      <table className="w-full text-left text-sm">
        <thead className="bg-sunken">
          <tr>
            <th scope="col" className="px-4 py-1.5 font-medium">
              {head}
            </th>
            {runMarks.slice(0, runCount).map((mark) => (
              <th key={mark.letter} scope="col" className="min-w-24 px-4 py-1.5 font-medium">
                <RunLetter mark={mark} />
              </th>
            ))}
          </tr>
        </thead>
        {parts.map(({ part, rows }) => (
          <tbody key={part} className="border-line border-t">
            <tr>
              <th scope="rowgroup" colSpan={runCount + 1} className="px-4 pt-2 pb-0.5 font-semibold">
                {part}
              </th>
            </tr>
            {rows.map(({ key, values }) => (
              <tr key={key}>
                <th scope="row" className={classNames('px-4 py-1.5 align-top font-normal', mono && 'font-mono')}>
                  {key}
                </th>
                {values.map((value, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a column is a run
                  <td key={index} className={cell}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </ScrollArea>
  )
}
