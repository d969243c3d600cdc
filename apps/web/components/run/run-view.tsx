'use client'

import { useQuery } from '@tanstack/react-query'
import type { Run } from '@temper/db/contracts'
import { useState } from 'react'
import { Problem } from '#components/ui/panels.tsx'
import { runQuery } from '#lib/queries.ts'
import { stageSentence } from '#lib/run-sentence.ts'
import { isLive, tellingStage } from '#lib/stage-words.ts'
import { useRunEvents } from '#lib/use-run-events.ts'
import { RunHeader } from './run-header.tsx'
import { StageDetail } from './stage-detail.tsx'
import { StageGraph } from './stage-graph.tsx'

/** A run: its state in a sentence, its stages as a graph, and all there is to know of the selected one. */
export function RunView({ first, stageName }: { first: Run; stageName: string | undefined }) {
  const run = useQuery({ ...runQuery(first.id), initialData: first }).data
  const live = useRunEvents(run.id, isLive(run.state))
  const [chosen, setChosen] = useState(stageName)
  const selected = run.stages.find((stage) => stage.name === chosen) ?? tellingStage(run.stages)
  const select = (name: string) => {
    setChosen(name)
    window.history.replaceState(null, '', `?stage=${encodeURIComponent(name)}`)
  }
  return (
    <div className="space-y-6">
      <RunHeader run={run} connection={live} />
      {run.failure !== null && <Problem title="The run failed">{run.failure.message}</Problem>}
      <nav aria-label="Stages">
        <StageGraph
          stages={run.stages.map((stage) => ({ ...stage, run: stage, sentence: stageSentence(stage, run.stages) }))}
          selected={selected?.name}
          onSelect={select}
        />
      </nav>
      {selected !== undefined && <StageDetail key={selected.name} run={run} stage={selected} events={live.events} />}
    </div>
  )
}
