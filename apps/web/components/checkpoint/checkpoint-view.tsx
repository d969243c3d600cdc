import type { Checkpoint, LineageGraph } from '@temper/db/contracts'
import { Download } from 'lucide-react'
import Link from 'next/link'
import { buttonClass } from '#components/ui/button.tsx'
import { CopyId } from '#components/ui/copy.tsx'
import { PageTitle } from '#components/ui/page-title.tsx'
import { Section } from '#components/ui/panels.tsx'
import { StageChip } from '#components/ui/stage-chip.tsx'
import { RelativeTime } from '#components/ui/time.tsx'
import { archiveBytes, checkpointTitle, importedFromWords, loadingCode } from '#lib/checkpoint-words.ts'
import { formatBytes, formatCount } from '#lib/format.ts'
import { CodeBlock } from './code-block.tsx'
import { FileTable } from './file-table.tsx'
import { Lineage } from './lineage.tsx'
import { MetricTable } from './metric-table.tsx'

interface CheckpointViewProps {
  checkpoint: Checkpoint
  lineage: LineageGraph
  origin: string
}

/** A checkpoint: what it is, where it comes from, what came of it, and how to use it elsewhere. */
export function CheckpointView({ checkpoint, lineage, origin }: CheckpointViewProps) {
  const code = loadingCode(checkpoint, origin)
  return (
    <div className="space-y-8">
      <div>
        <PageTitle title={checkpointTitle(checkpoint)}>
          {checkpoint.kind === 'policy' && (
            <Link href={`/playground?left=${checkpoint.id}`} className={buttonClass()}>
              Try it
            </Link>
          )}
          {/* A file, and no page of this app. */}
          <a href={`/v1/checkpoints/${checkpoint.id}/archive.tar`} download className={buttonClass('primary')}>
            <Download aria-hidden="true" className="size-4" /> Download {formatBytes(archiveBytes(checkpoint.files))}
          </a>
        </PageTitle>
        <Card checkpoint={checkpoint} />
      </div>
      <Section title="Lineage">
        <Lineage graph={lineage} current={checkpoint.id} />
      </Section>
      <div className="grid gap-8 lg:grid-cols-2">
        <Section title="Use it elsewhere" flush>
          <CodeBlock title="Download" code={code.fetch} />
          <CodeBlock title="Load, in Python" code={code.load} />
        </Section>
        <Section title="Metrics at the end" flush>
          <MetricTable metrics={checkpoint.metrics} />
        </Section>
      </div>
      <Section title="Files" flush>
        <FileTable checkpoint={checkpoint} />
      </Section>
    </div>
  )
}

function Card({ checkpoint }: { checkpoint: Checkpoint }) {
  const facts: [string, React.ReactNode][] = [
    ['Stage', <StageChip key="stage" type={checkpoint.stageType} />],
    ['Kind', checkpoint.kind === 'policy' ? 'policy' : 'reward model'],
    ['Architecture', checkpoint.architecture],
    [
      'Parameters',
      <span key="n" title={String(checkpoint.parameters)}>
        {formatCount(checkpoint.parameters)}
      </span>,
    ],
    ['Step', formatCount(checkpoint.step)],
    checkpoint.importedFrom === null
      ? ['Run', <RunLink key="run" checkpoint={checkpoint} />]
      : ['From', importedFromWords(checkpoint.importedFrom)],
    ['Datasets', checkpoint.data.length === 0 ? 'none' : formatCount(checkpoint.data.length)],
    ['Made', <RelativeTime key="made" iso={checkpoint.createdAt} />],
  ]
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 md:grid-cols-4">
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt className="text-muted text-xs">{term}</dt>
            <dd className="tabular">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-3">
        <CopyId id={checkpoint.id} />
      </p>
    </>
  )
}

function RunLink({ checkpoint }: { checkpoint: Checkpoint }) {
  const stage = checkpoint.stage === null ? '' : `?stage=${encodeURIComponent(checkpoint.stage)}`
  return (
    <Link href={`/runs/${checkpoint.runId}${stage}`} className="text-accent underline underline-offset-2">
      {checkpoint.stage ?? 'run'}
    </Link>
  )
}
