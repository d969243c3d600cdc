import { classNames } from '#lib/class-names.ts'

interface ProgressBarProps {
  label: string
  /** Null while nobody knows how far it is. */
  value: number | null
  max: number
  /** What screen readers say in place of the numbers. */
  words?: string
  color?: string
  /** With its height. */
  className?: string
}

/** How much of something is done; more than all of it is all. */
export function ProgressBar(props: ProgressBarProps) {
  const { label, value, max, words, color = 'var(--accent)', className = 'h-2' } = props
  const done = value === null ? null : Math.min(value, max)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      {...(words !== undefined && { 'aria-valuetext': words })}
      {...(done !== null && { 'aria-valuenow': done })}
      className={classNames('overflow-hidden rounded-full bg-line', className)}
    >
      <div className="h-full" style={{ width: `${(100 * (done ?? 0)) / Math.max(1, max)}%`, background: color }} />
    </div>
  )
}
