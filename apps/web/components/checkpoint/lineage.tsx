import type { Checkpoint, LineageGraph } from '@temper/db/contracts'
import Link from 'next/link'
import { FlowGraph } from '#components/ui/flow-graph.tsx'
import { checkpointTitle } from '#lib/checkpoint-words.ts'
import { classNames } from '#lib/class-names.ts'
import { formatCount } from '#lib/format.ts'
import { stageColor } from '#lib/stage-words.ts'

/** Where a checkpoint comes from and what came of it, oldest first. */
export function Lineage({ graph, current }: { graph: LineageGraph; current: string }) {
  const oldestFirst = graph.checkpoints.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
  return (
    <FlowGraph
      nodes={oldestFirst.map((checkpoint) => ({
        name: checkpoint.id,
        inputs: checkpoint.parents,
        color: stageColor(checkpoint.stageType),
        checkpoint,
      }))}
      renderNode={({ checkpoint, color }) => (
        <LineageNode checkpoint={checkpoint} color={color} isCurrent={checkpoint.id === current} />
      )}
    />
  )
}

interface LineageNodeProps {
  checkpoint: Checkpoint
  color: string
  isCurrent: boolean
}

function LineageNode({ checkpoint, color, isCurrent }: LineageNodeProps) {
  return (
    <Link
      href={`/checkpoints/${checkpoint.id}`}
      aria-current={isCurrent ? 'page' : undefined}
      className={classNames(
        'relative flex h-full w-full flex-col overflow-hidden rounded-md border bg-surface px-2.5 py-1.5 text-sm',
        isCurrent ? 'border-ink' : 'border-line hover:border-line-strong',
      )}
    >
      <span aria-hidden="true" className="absolute inset-y-0 left-0 w-[3px]" style={{ background: color }} />
      <span className="truncate font-medium">{checkpointTitle(checkpoint)}</span>
      <span className="truncate" style={{ color }}>
        {checkpoint.stageType}
      </span>
      <span className="tabular truncate text-muted text-xs">
        {isCurrent ? 'this one' : `step ${formatCount(checkpoint.step)}`}
      </span>
    </Link>
  )
}
