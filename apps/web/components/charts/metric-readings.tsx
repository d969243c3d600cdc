import { wordsOfMetric } from '@temper/db/contracts'
import { aboutMetric } from '#lib/curves.ts'

/** What each metric of a chart is and how to read its curve: one in sight, the others a key press away. */
export function MetricReadings({ names }: { names: readonly string[] }) {
  const [first, ...others] = names
  if (first === undefined) return null
  return (
    <div className="mt-2 space-y-1 text-muted text-xs">
      <Reading name={first} named={others.length > 0} />
      {others.length > 0 && (
        <details>
          <summary className="w-fit rounded hover:text-ink">How to read {others.join(', ')}</summary>
          <div className="mt-1 space-y-1">
            {others.map((name) => (
              <Reading key={name} name={name} named />
            ))}
          </div>
        </details>
      )}
    </div>
  )
}

function Reading({ name, named }: { name: string; named: boolean }) {
  const words = wordsOfMetric(name)
  if (words === undefined) return null
  return (
    <p className="max-w-prose">
      {named && <span className="font-medium text-ink">{name}: </span>}
      {aboutMetric(name)}. {words.reading}
    </p>
  )
}
