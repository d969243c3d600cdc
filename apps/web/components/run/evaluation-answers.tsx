'use client'

import { keepPreviousData, type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query'
import { type Evaluation, type JudgedAnswers, TemperError } from '@temper/db/contracts'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { EmptyState, Problem, Section } from '#components/ui/panels.tsx'
import { formatCount } from '#lib/format.ts'
import { type AnswerFilter, countOf } from '#lib/judged-answers.ts'
import { answersQuery } from '#lib/queries.ts'
import { AnswerChoice } from './answer-choice.tsx'
import { JudgedAnswerGrid } from './judged-answer-grid.tsx'

/** What every policy wrote to each prompt and how it was judged, a page at a time. */
export function EvaluationAnswers({ evaluation }: { evaluation: Evaluation }) {
  const candidate = Object.keys(evaluation.candidates)[0] ?? ''
  const [filter, setFilter] = useState<AnswerFilter>({ candidate, verdict: 'all' })
  const answers = useInfiniteQuery({
    ...answersQuery(evaluation, filter),
    select: ({ pages }) => pages.flatMap((page) => page.items),
    placeholderData: keepPreviousData,
  })
  if (answers.error instanceof TemperError && answers.error.code === 'not_found') {
    return <NotKept why={answers.error.message} />
  }
  return (
    <Section title="Answers side by side" flush>
      <div className="space-y-2 border-line border-b p-4 text-sm">
        <p className="max-w-prose text-muted">
          Every policy answers the same prompts. Won, lost or tied is against {evaluation.baseline.name}, by the judge.
        </p>
        <AnswerChoice evaluation={evaluation} filter={filter} onChange={setFilter} />
      </div>
      <AnswerPages evaluation={evaluation} filter={filter} answers={answers} />
    </Section>
  )
}

function NotKept({ why }: { why: string }) {
  return (
    <Section title="Answers side by side">
      <p className="text-muted">There are none to read: {why}.</p>
    </Section>
  )
}

interface AnswerPagesProps {
  evaluation: Evaluation
  filter: AnswerFilter
  answers: UseInfiniteQueryResult<JudgedAnswers[]>
}

function AnswerPages({ evaluation, filter, answers }: AnswerPagesProps) {
  if (answers.isPending) return <div role="status" aria-label="Reading the answers" className="skeleton m-4 h-40" />
  if (answers.data === undefined) return <Unread error={answers.error} onRetry={() => void answers.refetch()} />
  const [shown, total] = [answers.data.length, countOf(evaluation, filter)].map(formatCount)
  return (
    <div aria-busy={answers.isFetching}>
      {answers.data.length === 0 && !answers.hasNextPage ? (
        <Nothing filter={filter} />
      ) : (
        <JudgedAnswerGrid evaluation={evaluation} rows={answers.data} />
      )}
      {answers.isError && <Unread error={answers.error} onRetry={() => void answers.fetchNextPage()} />}
      <div className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-2 border-line border-t px-4 py-2">
        {answers.hasNextPage && (
          <Button onClick={() => void answers.fetchNextPage()} disabled={answers.isFetching}>
            Show more
          </Button>
        )}
        <p role="status" className="tabular text-muted text-sm">
          {answers.isPlaceholderData ? 'Reading…' : `${shown} of ${total} prompts`}
        </p>
      </div>
    </div>
  )
}

const nothing = { all: 'No prompts', win: 'No wins', loss: 'No losses', tie: 'No ties' }

function Nothing({ filter: { candidate, verdict } }: { filter: AnswerFilter }) {
  return (
    <EmptyState title={nothing[verdict]}>At no prompt was {candidate} judged so. All shows every answer.</EmptyState>
  )
}

function Unread({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return (
    <div className="p-4">
      <Problem title="The answers could not be read">
        <p>{error?.message}. Nothing is lost.</p>
        <Button className="mt-3" onClick={onRetry}>
          Try again
        </Button>
      </Problem>
    </div>
  )
}
