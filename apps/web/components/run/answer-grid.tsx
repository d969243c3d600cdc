import { ScrollArea } from '#components/ui/scroll-area.tsx'
export interface AnswerColumn {
  key: string | number
  title: React.ReactNode
}

export interface AnswerRow {
  key: string | number
  prompt: React.ReactNode
  /** In the order of the columns. */
  answers: React.ReactNode[]
}

/** Answers beside each other: a row a prompt, which stands above it. Wider than a phone, it scrolls by itself. */
export function AnswerGrid(props: { label: string; columns: AnswerColumn[]; rows: AnswerRow[] }) {
  const { label, columns, rows } = props
  return (
    <ScrollArea label={label}>
      <table className="w-full text-left">
        <thead className="bg-sunken text-sm">
          <tr>
            {columns.map(({ key, title }) => (
              <th key={key} scope="col" className="tabular px-4 py-1.5 font-medium">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        {rows.map(({ key, prompt, answers }) => (
          <tbody key={key} className="border-line border-t align-top">
            <tr>
              <th scope="rowgroup" colSpan={Math.max(1, columns.length)} className="px-4 pt-3 text-left font-medium">
                <div className="sticky left-4 w-fit max-w-[calc(100vw-84px)]">{prompt}</div>
              </th>
            </tr>
            <tr>
              {columns.map((column, index) => (
                <td key={column.key} className="min-w-40 px-4 pt-1 pb-3 md:min-w-56">
                  {answers[index]}
                </td>
              ))}
            </tr>
          </tbody>
        ))}
      </table>
    </ScrollArea>
  )
}
