'use client'

import { useQueries } from '@tanstack/react-query'
import type { Evaluation, Run, StageRun, WinRate } from '@temper/db/contracts'
import { EmptyState, Problem, Section } from '#components/ui/panels.tsx'
import { stageNames } from '#lib/compare-runs.ts'
import { formatPercent } from '#lib/format.ts'
import { evaluationsQuery } from '#lib/queries.ts'
import { formatMetric, stateWords } from '#lib/stage-words.ts'
import { ComparisonTable } from './comparison-table.tsx'

/** What each stage ended with in every run, win-rates with their intervals among it. */
export function ComparedResults({ runs }: { runs: Run[] }) {
  const evaluations = useQueries({ queries: runs.map(({ id }) => evaluationsQuery(id)) })
  const failed = evaluations.find(({ error }) => error !== null)
  const found = evaluations.map(({ data }) => data?.items ?? [])
  const parts = stageNames(runs)
    .map((part) => ({ part, rows: [...resultRows(runs, part), ...winRateRows(found, part)] }))
    .filter(({ rows }) => rows.length > 0)
  return (
    <Section title="Results" flush>
      {failed !== undefined && <Problem title="The win-rates could not be read">{failed.error?.message}.</Problem>}
      {parts.length === 0 ? (
        <EmptyState title="No results yet">They appear as stages are done.</EmptyState>
      ) : (
        <ComparisonTable label="Results by run" head="Result" parts={parts} runCount={runs.length} />
      )}
    </Section>
  )
}

function resultRows(runs: Run[], name: string) {
  const stages = runs.map((run) => run.stages.find((stage) => stage.name === name))
  const keys = [...new Set(stages.flatMap((stage) => Object.keys(factsOf(stage))))]
  const rows = keys.map((key) => ({ key, values: stages.map((stage) => factsOf(stage)[key] ?? '–') }))
  const states = stages.map((stage) => (stage === undefined ? 'not in this run' : stateWords[stage.state]))
  return new Set(states).size > 1 ? [{ key: 'state', values: states }, ...rows] : rows
}

/** Numbers that a stage ended with. */
function factsOf(stage: StageRun | undefined): Partial<Record<string, string>> {
  const numbers = Object.entries(stage?.result ?? {}).flatMap(([key, value]) =>
    typeof value === 'number' ? [[key, formatMetric(key, value)]] : [],
  )
  return Object.fromEntries(numbers)
}

function winRateRows(evaluations: Evaluation[][], stage: string) {
  const own = evaluations.map((items) => items.find((evaluation) => evaluation.stage === stage))
  const names = [...new Set(own.flatMap((evaluation) => Object.keys(evaluation?.candidates ?? {})))]
  return names.map((name) => {
    const known = own.find((evaluation) => evaluation?.candidates[name] !== undefined)
    const key = `${name} wins against ${known?.baseline.name}, judged by ${known?.judge}`
    return { key, values: own.map((evaluation) => winRateWords(evaluation?.candidates[name])) }
  })
}

function winRateWords(winRate: WinRate | undefined): string {
  if (winRate === undefined) return '–'
  const { rate, low, high } = winRate
  return `${formatPercent(rate, 1)} (${formatPercent(low, 1)} to ${formatPercent(high, 1)})`
}
