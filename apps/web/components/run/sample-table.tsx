'use client'

import { useQuery } from '@tanstack/react-query'
import type { StageSamples } from '@temper/db/contracts'
import { useId, useState } from 'react'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { samplesQuery } from '#lib/queries.ts'

/** What the policy writes for the same held-out prompts, step by step: two steps side by side. */
export function SampleTable({ runId, stage }: { runId: string; stage: string }) {
  const samples = useQuery(samplesQuery(runId, stage))
  if (samples.isError) return <Problem title="The samples could not be read">{samples.error.message}.</Problem>
  if (samples.isPending) return <div role="status" aria-label="Reading the samples" className="skeleton h-40" />
  if (samples.data.items.length === 0) {
    return <EmptyState title="No samples yet">The stage writes some for the same prompts every few steps.</EmptyState>
  }
  return <Samples items={samples.data.items.toSorted((a, b) => a.step - b.step)} />
}

/** Prompts at most this many: a trainer may report every rollout. */
const promptsShown = 8

function Samples({ items }: { items: StageSamples[] }) {
  const [position, setPosition] = useState<number | null>(null)
  const id = useId()
  const first = items[0]
  const current = items[Math.min(position ?? items.length - 1, items.length - 1)]
  const prompts = (current?.samples ?? []).slice(0, promptsShown)
  const isSame = first?.step === current?.step
  return (
    <div className="space-y-4">
      <label htmlFor={id} className="flex max-w-xl items-center gap-3 text-sm">
        <span className="tabular w-24">step {current?.step}</span>
        <input
          id={id}
          type="range"
          min={0}
          max={items.length - 1}
          value={position ?? items.length - 1}
          aria-valuetext={`step ${current?.step}`}
          onChange={(event) => setPosition(event.target.valueAsNumber)}
          className="flex-1 accent-(--accent)"
        />
      </label>
      <ul className="space-y-4">
        {prompts.map((sample) => {
          const before = first?.samples.find(({ prompt }) => prompt === sample.prompt)
          return (
            <li key={sample.prompt} className="rounded-md border border-line bg-surface p-4">
              <p className="model-text mb-3 font-medium">{sample.prompt}</p>
              <div className="grid gap-4 md:grid-cols-2">
                {before !== undefined && !isSame && (
                  <Completion step={first?.step ?? 0} text={before.completion} quiet />
                )}
                <Completion step={current?.step ?? 0} text={sample.completion} />
              </div>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function Completion({ step, text, quiet = false }: { step: number; text: string; quiet?: boolean }) {
  return (
    <div className={quiet ? 'text-muted' : undefined}>
      <p className="tabular mb-1 text-muted text-xs">at step {step}</p>
      <p className="model-text">{text === '' ? <em>nothing</em> : text}</p>
    </div>
  )
}
