import { type Evaluation, verdicts } from '@temper/db/contracts'
import { useId } from 'react'
import { formatCount } from '#lib/format.ts'
import { type AnswerFilter, countOf } from '#lib/judged-answers.ts'

interface AnswerChoiceProps {
  evaluation: Evaluation
  filter: AnswerFilter
  onChange: (filter: AnswerFilter) => void
}

const options = ['all', ...verdicts] as const
const words = { all: 'All', win: 'Wins', loss: 'Losses', tie: 'Ties' }

/** Which prompts are shown: all, or those at which a candidate won, lost or tied. */
export function AnswerChoice({ evaluation, filter, onChange }: AnswerChoiceProps) {
  const id = useId()
  const names = Object.keys(evaluation.candidates)
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      {names.length === 1 ? (
        <span className="font-medium">{filter.candidate}</span>
      ) : (
        <select
          aria-label="Candidate"
          value={filter.candidate}
          onChange={(event) => onChange({ ...filter, candidate: event.target.value })}
          className="h-8 max-w-full rounded-md border border-line bg-page px-2 text-ink"
        >
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      <fieldset className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <legend className="sr-only">Prompts to show of {filter.candidate}</legend>
        {options.map((verdict) => (
          <label key={verdict} className="tabular flex cursor-pointer items-center gap-1.5">
            <input
              type="radio"
              name={id}
              checked={filter.verdict === verdict}
              onChange={() => onChange({ ...filter, verdict })}
              className="size-4 accent-(--accent)"
            />
            {words[verdict]}{' '}
            <span className="text-muted">{formatCount(countOf(evaluation, { ...filter, verdict }))}</span>
          </label>
        ))}
      </fieldset>
    </div>
  )
}
