'use client'

import type { StageSamples } from '@temper/db/contracts'
import { useState } from 'react'
import { FoldedText } from '#components/ui/folded-text.tsx'
import { Section } from '#components/ui/panels.tsx'
import { markNewWords } from '#lib/new-words.ts'
import { AnswerGrid } from './answer-grid.tsx'
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
      <AnswerGrid
        label="Answers by step"
        columns={columns.map(({ step }) => ({ key: step, title: stepName(step) }))}
        rows={prompts.map((prompt, row) => ({
          key: prompt,
          prompt: <span className="model-text block">{prompt}</span>,
          answers: columns.map(({ step, samples }, column) => (
            <Answer
              key={step}
              text={samples[row]?.completion ?? ''}
              before={columns[column - 1]?.samples[row]?.completion}
            />
          )),
        }))}
      />
    </Section>
  )
}

function stepName(step: number): string {
  return step === 0 ? 'before the first step' : `step ${step}`
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
