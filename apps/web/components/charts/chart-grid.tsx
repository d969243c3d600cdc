'use client'

import { Fragment, useState } from 'react'

/** Charts in sight at once; what tells less is under a disclosure. */
const shownAtFirst = 6

interface ChartGridProps {
  /** Most telling first. */
  charts: { title: string; draw: () => React.ReactNode }[]
}

/** Charts two beside each other. */
export function ChartGrid({ charts }: ChartGridProps) {
  return (
    <>
      <Grid charts={charts.slice(0, shownAtFirst)} />
      <More charts={charts.slice(shownAtFirst)} />
    </>
  )
}

function Grid({ charts }: ChartGridProps) {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      {charts.map(({ title, draw }) => (
        <Fragment key={title}>{draw()}</Fragment>
      ))}
    </div>
  )
}

/** Drawn when they are first looked at: a hidden chart has no width to draw in. */
function More({ charts }: ChartGridProps) {
  const [open, setOpen] = useState(false)
  if (charts.length === 0) return null
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="mb-4 w-fit font-medium">
        {charts.length === 1 ? 'One more chart' : `${charts.length} more charts`}
      </summary>
      {open && <Grid charts={charts} />}
    </details>
  )
}
