'use client'

import { useQuery } from '@tanstack/react-query'
import type { Evaluation, StageRun } from '@temper/db/contracts'
import { EmptyState, Problem, Section } from '#components/ui/panels.tsx'
import { ScrollArea } from '#components/ui/scroll-area.tsx'
import { formatCount, formatNumber, formatPercent } from '#lib/format.ts'
import { evaluationsQuery } from '#lib/queries.ts'
import { EvaluationAnswers } from './evaluation-answers.tsx'
import { PolicyName } from './policy-name.tsx'
import { WinRateBar } from './win-rate-bar.tsx'

/** Win-rates with their intervals, who judged, what a win-rate alone would hide, and the answers to read. */
export function EvaluationResults({ runId, stage }: { runId: string; stage: StageRun }) {
  const evaluations = useQuery(evaluationsQuery(runId))
  if (evaluations.isError) return <Problem title="The results could not be read">{evaluations.error.message}.</Problem>
  if (evaluations.isPending) return <div role="status" aria-label="Reading the results" className="skeleton h-60" />
  const evaluation = evaluations.data.items.find((item) => item.stage === stage.name)
  if (evaluation === undefined) {
    return <EmptyState title="No results yet">{stage.status || 'They appear when this stage is done.'}</EmptyState>
  }
  return (
    <div className="space-y-6">
      <WinRates evaluation={evaluation} />
      <Beside evaluation={evaluation} />
      <EvaluationAnswers evaluation={evaluation} />
    </div>
  )
}

function WinRates({ evaluation }: { evaluation: Evaluation }) {
  return (
    <Section title={`Win-rate against ${evaluation.baseline.name}`}>
      <ul className="space-y-5">
        {Object.entries(evaluation.candidates).map(([name, winRate]) => (
          <li key={name}>
            <WinRateBar name={name} winRate={winRate} />
          </li>
        ))}
      </ul>
      <p className="mt-5 border-line border-t pt-3 text-muted text-sm">
        Judge: <span className="text-ink">{evaluation.judge}</span>. {formatCount(evaluation.prompts)} held-out prompts,
        both orders, ties count half; intervals are 95 %.
      </p>
    </Section>
  )
}

const decimal = (value: number | null) => (value === null ? '–' : formatNumber(value))

function Beside({ evaluation: { baseline, candidates } }: { evaluation: Evaluation }) {
  const rows = [{ kl: 0, ...baseline }, ...Object.entries(candidates).map(([name, c]) => ({ name, ...c }))]
  return (
    <Section title="Beside the win-rate" flush>
      <ScrollArea label="Beside the win-rate">
        <table className="tabular w-full text-right text-sm">
          <thead className="bg-sunken">
            <tr>
              {['Policy', 'Judge score', 'Learned reward', 'KL', 'Length, tokens', 'End properly'].map((title) => (
                <th key={title} scope="col" className="px-4 py-1.5 font-medium whitespace-nowrap first:text-left">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row" className="px-4 py-1.5 text-left font-medium">
                  <PolicyName name={row.name} isBaseline={row.name === baseline.name} />
                </th>
                <td className="px-4">{formatNumber(row.meanJudgeScore)}</td>
                <td className="px-4">{decimal(row.meanReward)}</td>
                <td className="px-4">{decimal(row.kl)}</td>
                <td className="px-4">{row.meanTokens.toFixed(1)}</td>
                <td className="px-4">{formatPercent(row.properEndings, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
      {baseline.topScoreShare !== null && baseline.topScoreShare > 0 && (
        <p className="border-line border-t p-4 text-muted text-sm">
          {formatPercent(baseline.topScoreShare)} of the baseline’s own completions already reach the highest judge
          score; against those a candidate can only tie.
        </p>
      )}
    </Section>
  )
}
