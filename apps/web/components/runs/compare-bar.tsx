import Link from 'next/link'
import { Button, buttonClass } from '#components/ui/button.tsx'
import { mostCompared } from '#lib/compare-runs.ts'

/** What the ticks are for, and the way on once there are enough. */
export function CompareBar({ chosen }: { chosen: string[] }) {
  const fits = chosen.length >= 2 && chosen.length <= mostCompared
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
      {fits ? (
        <Link href={`/runs/compare?runs=${chosen.join(',')}`} className={buttonClass()}>
          Compare {chosen.length} runs
        </Link>
      ) : (
        <Button disabled>Compare</Button>
      )}
      <p role="status" className="text-muted text-sm">
        {chosen.length > mostCompared
          ? `At most ${mostCompared} runs can be compared; ${chosen.length} are ticked.`
          : !fits && `Tick 2 to ${mostCompared} runs to see them beside each other.`}
      </p>
    </div>
  )
}
