import { useId } from 'react'
import { formatPercent } from '#lib/format.ts'

/** How the curves are looked at. */
export interface CurveView {
  /** Share of the past in the moving average, 0 to 0.99. */
  smoothing: number
  log: boolean
  asTable: boolean
}

export function CurveControls({ view, onChange }: { view: CurveView; onChange: (view: CurveView) => void }) {
  const id = useId()
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-6 gap-y-2 text-sm">
      <label htmlFor={id} className="flex items-center gap-2">
        Smoothing
        <input
          id={id}
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={view.smoothing}
          onChange={(event) => onChange({ ...view, smoothing: event.target.valueAsNumber })}
          className="w-32 accent-(--accent)"
        />
        <output className="tabular w-10 text-muted">{formatPercent(view.smoothing)}</output>
      </label>
      <Toggle label="Log scale" on={view.log} onChange={(log) => onChange({ ...view, log })} />
      <Toggle label="Table" on={view.asTable} onChange={(asTable) => onChange({ ...view, asTable })} />
    </div>
  )
}

function Toggle({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex cursor-pointer items-center gap-2">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-(--accent)"
      />
      {label}
    </label>
  )
}
