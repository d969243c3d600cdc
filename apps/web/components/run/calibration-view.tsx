import { type RewardResult, rewardResultSchema, type StageRun } from '@temper/db/contracts'
import { EmptyState, Section } from '#components/ui/panels.tsx'
import { formatCount, formatPercent } from '#lib/format.ts'

/** How often a reward model is right on held-out pairs, and how far its probabilities can be believed. */
export function CalibrationView({ stage }: { stage: StageRun }) {
  const result = rewardResultSchema.safeParse(stage.result)
  if (!result.success) {
    return <EmptyState title="Not measured yet">Held-out pairs are scored when this stage is done.</EmptyState>
  }
  const { accuracy, accuracy_low, accuracy_high, judged, calibration_error } = result.data
  return (
    <Section title="Held-out pairs">
      <p className="tabular">
        <span className="font-semibold text-xl">{formatPercent(accuracy, 1)}</span>{' '}
        <span className="text-muted">
          of {formatCount(judged)} decided pairs ordered as they were voted; 95 % interval{' '}
          {formatPercent(accuracy_low, 1)} to {formatPercent(accuracy_high, 1)}
        </span>
      </p>
      <CalibrationTable bins={result.data.calibration} />
      <p className="mt-3 text-muted text-sm">
        Where the share that won (ties count half) is near the probability, the model means its scores. Mean distance:{' '}
        {formatPercent(calibration_error, 1)}.
      </p>
    </Section>
  )
}

/** A row a bin: a mark at the predicted probability, a bar as long as the share that came true. */
function CalibrationTable({ bins }: { bins: RewardResult['calibration'] }) {
  return (
    <table className="tabular mt-4 w-full text-right text-sm">
      <thead className="bg-sunken">
        <tr>
          {['Held likely', 'Came true', 'Pairs', ''].map((title) => (
            <th key={title} scope="col" className="px-2 py-1.5 font-medium sm:whitespace-nowrap sm:px-4">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {bins.map(({ predicted, observed, pairs }) => (
          <tr key={predicted}>
            <td className="px-2 py-1.5 sm:px-4">{formatPercent(predicted)}</td>
            <td className="px-2 sm:px-4">{formatPercent(observed)}</td>
            <td className="px-2 sm:px-4">{formatCount(pairs)}</td>
            <td className="w-1/2 px-2 sm:px-4" aria-hidden="true">
              <span className="relative block h-3 bg-line">
                <span
                  className="absolute inset-y-0 left-0"
                  style={{ width: `${observed * 100}%`, background: 'var(--reward)' }}
                />
                <span className="absolute -inset-y-1 w-0.5 bg-ink" style={{ left: `${predicted * 100}%` }} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
