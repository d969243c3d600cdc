'use client'

import type { StageSamples } from '@temper/db/contracts'
import { useId, useState } from 'react'
import { FoldedText } from '#components/ui/folded-text.tsx'
import { Section } from '#components/ui/panels.tsx'

/** Some of what a step sampled to learn from; the newest unless another is chosen. `items` in the order of steps. */
export function Rollouts({ items }: { items: StageSamples[] }) {
  const [position, setPosition] = useState<number | null>(null)
  const id = useId()
  const current = items[Math.min(position ?? items.length - 1, items.length - 1)]
  if (current === undefined) return null
  return (
    <Section title="Rollouts">
      <label htmlFor={id} className="mb-4 flex max-w-xl items-center gap-3 text-sm">
        <span className="tabular w-24">step {current.step}</span>
        <input
          id={id}
          type="range"
          min={0}
          max={items.length - 1}
          value={position ?? items.length - 1}
          aria-valuetext={`step ${current.step}`}
          onChange={(event) => setPosition(event.target.valueAsNumber)}
          className="flex-1 accent-(--accent)"
        />
      </label>
      <ul className="divide-y divide-line">
        {current.samples.map((sample, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step may answer one prompt several times
          <li key={index} className="grid gap-x-4 gap-y-1 py-3 md:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
            <p className="model-text font-medium">{sample.prompt}</p>
            <FoldedText text={sample.completion} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
