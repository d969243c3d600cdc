import type { RunMark } from '#lib/compare-runs.ts'

/** The letter of a run with its line as the curves have it. */
export function RunLetter({ mark }: { mark: RunMark | undefined }) {
  if (mark === undefined) return null
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span className="font-semibold">{mark.letter}</span>
      <svg aria-hidden="true" width="28" height="4">
        <line x1="0" x2="28" y1="2" y2="2" stroke={mark.color} strokeWidth="2" strokeDasharray={mark.dash.join(' ')} />
      </svg>
    </span>
  )
}
