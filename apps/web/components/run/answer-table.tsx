'use client'

import type { StageSamples } from '@temper/db/contracts'
import { useState } from 'react'
import { FoldedText } from '#components/ui/folded-text.tsx'
import { Section } from '#components/ui/panels.tsx'
import { markNewWords } from '#lib/new-words.ts'
import { StepChoice } from './step-choice.tsx'

/** Where the prompts are from, for people. */
const origins: Record<StageSamples['source'], string> = {
  'held-out': 'The prompts are of data that this stage does not train on.',
  'first-rows': 'Nothing is held out here: the prompts are of the first rows that this stage trains on.',
  rollout: '',
}

/** Answers to the same prompts: a row a prompt, a column a step. `items` in the order of steps, not empty. */
export function AnswerTable({ items }: { items: StageSamples[] }) {
  const [chosen, setChosen] = useState<number[] | null>(null)
  const steps = items.map(({ step }) => step)
  const shown = chosen ?? [...new Set([steps[0] ?? 0, steps.at(-1) ?? 0])]
  const columns = items.filter(({ step }) => shown.includes(step))
  const prompts = items[0]?.samples.map(({ prompt }) => prompt) ?? []
  return (
    <Section title="Answers to the same prompts" flush>
      <div className="space-y-2 border-line border-b p-4 text-sm">
        <p className="max-w-prose text-muted">
          {origins[items[0]?.source ?? 'rollout']} Each token is the most likely one. Underlined: words that the column
          before does not have.
        </p>
        <StepChoice steps={steps} chosen={shown} onChange={setChosen} />
      </div>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="Answers by step"
        className="overflow-x-auto outline-offset-[-2px]"
      >
        <table className="w-full text-left">
          <thead className="bg-sunken text-sm">
            <tr>
              {columns.map(({ step }) => (
                <th key={step} scope="col" className="tabular px-4 py-1.5 font-medium">
                  {stepName(step)}
                </th>
              ))}
            </tr>
          </thead>
          {prompts.map((prompt, row) => (
            <AnswerRow
              key={prompt}
              prompt={prompt}
              answers={columns.map((column) => column.samples[row]?.completion)}
            />
          ))}
        </table>
      </section>
    </Section>
  )
}

function stepName(step: number): string {
  return step === 0 ? 'before the first step' : `step ${step}`
}

function AnswerRow({ prompt, answers }: { prompt: string; answers: (string | undefined)[] }) {
  return (
    <tbody className="border-line border-t align-top">
      <tr>
        <th scope="rowgroup" colSpan={Math.max(1, answers.length)} className="px-4 pt-3 text-left font-medium">
          <span className="model-text sticky left-4 block">{prompt}</span>
        </th>
      </tr>
      <tr>
        {answers.map((answer, column) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name here
          <td key={column} className="min-w-40 px-4 pt-1 pb-3 md:min-w-56">
            <Answer text={answer ?? ''} before={answers[column - 1]} />
          </td>
        ))}
      </tr>
    </tbody>
  )
}

function Answer({ text, before }: { text: string; before: string | undefined }) {
  if (before === undefined) return <FoldedText text={text} />
  return (
    <FoldedText text={text}>
      {markNewWords(before, text).map((part, index) =>
        part.isNew ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no other name
          <ins key={index} className="rounded-sm bg-sunken decoration-line-strong underline-offset-4">
            {part.text}
          </ins>
        ) : (
          part.text
        ),
      )}
    </FoldedText>
  )
}
