import type { WinRate } from '@temper/db/contracts'
import { formatPercent } from '#lib/format.ts'
import { stageColor } from '#lib/stage-words.ts'

/** A win-rate as a point with its interval, on a line from 0 to 100 % with the half marked. */
export function WinRateBar({ name, winRate }: { name: string; winRate: WinRate }) {
  const { rate, low, high, wins, ties, losses } = winRate
  const color = stageColor(/grpo|rloo|ppo|dpo|sft/.exec(name)?.[0] ?? 'evaluate')
  const interval = `${formatPercent(low, 1)} to ${formatPercent(high, 1)}`
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">{name}</span>
        <span className="tabular">
          <span className="font-semibold text-lg" title={String(rate)}>
            {formatPercent(rate, 1)}
          </span>{' '}
          <span className="text-muted text-sm">{interval}</span>
        </span>
      </div>
      <div
        role="img"
        aria-label={`Win-rate ${formatPercent(rate, 1)}, 95 % interval ${interval}`}
        className="relative my-2 h-4"
      >
        <span className="absolute inset-x-0 top-1.5 h-1 rounded-full bg-line" />
        <span className="absolute inset-y-0 left-1/2 w-px bg-line-strong" />
        <span
          className="absolute top-1 h-2 rounded-full opacity-40"
          style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%`, background: color }}
        />
        <span
          className="absolute top-0.5 size-3 -translate-x-1/2 rounded-full"
          style={{ left: `${rate * 100}%`, background: color }}
        />
      </div>
      <p className="tabular text-muted text-sm">
        {wins} won, {ties} tied, {losses} lost
      </p>
    </div>
  )
}
