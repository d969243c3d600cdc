import type { StageRun, StageType } from '@temper/db/contracts'
import { FlowGraph } from '#components/ui/flow-graph.tsx'
import { stageColor } from '#lib/stage-words.ts'
import { StageNode } from './stage-node.tsx'

/** A stage as the graph needs it: with its run where there is one already. */
export interface GraphStage {
  name: string
  type: StageType
  inputs: readonly string[]
  run?: StageRun
  /** What it does or waits for. */
  sentence?: string
}

interface StageGraphProps {
  stages: readonly GraphStage[]
  selected?: string
  onSelect?: (name: string) => void
}

/** Stages and what each is built on. */
export function StageGraph({ stages, selected, onSelect }: StageGraphProps) {
  return (
    <FlowGraph
      nodeHeight={stages.some((stage) => stage.run !== undefined) ? undefined : 52}
      nodes={stages.map((stage) => ({ ...stage, color: stageColor(stage.type) }))}
      renderNode={(stage) => <StageNode stage={stage} selected={stage.name === selected} onSelect={onSelect} />}
    />
  )
}
