import type { Run, RunEvent, StageRun } from '@temper/db/contracts'
import { Tabs } from 'radix-ui'
import { Problem } from '#components/ui/panels.tsx'
import { StateMark } from '#components/ui/state-mark.tsx'
import { Elapsed } from '#components/ui/time.tsx'
import { formatCount } from '#lib/format.ts'
import { stageSentence } from '#lib/run-sentence.ts'
import { isLive, stageColor } from '#lib/stage-words.ts'
import { CalibrationView } from './calibration-view.tsx'
import { EvaluationResults } from './evaluation-results.tsx'
import { EventList } from './event-list.tsx'
import { RecipeText } from './recipe-text.tsx'
import { StageCurves } from './stage-curves.tsx'
import { StageLinks } from './stage-links.tsx'
import { StageSamplesView } from './stage-samples-view.tsx'
import { StageSettings } from './stage-settings.tsx'
import { VoteProgress } from './vote-progress.tsx'

interface StageDetailProps {
  run: Run
  stage: StageRun
  events: RunEvent[]
}

/** All there is to know of one stage. What it is about comes first: curves, votes or results. */
export function StageDetail({ run, stage, events }: StageDetailProps) {
  const views = viewsOf({ run, stage, events })
  return (
    <section aria-label={`Stage ${stage.name}`} className="space-y-4">
      <StageHeading stage={stage} sentence={stageSentence(stage, run.stages)} />
      {stage.failure !== null && (
        <Problem title="This stage failed">
          {stage.failure.message} <span className="font-mono text-muted text-xs">{stage.failure.code}</span>
        </Problem>
      )}
      <Tabs.Root defaultValue={views[0]?.name}>
        <Tabs.List aria-label="About this stage" className="mb-4 flex gap-4 overflow-x-auto border-line border-b">
          {views.map((view) => (
            <Tabs.Trigger
              key={view.name}
              value={view.name}
              className="-mb-px outline-offset-[-2px] border-transparent border-b-2 py-2 text-muted hover:text-ink data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink"
            >
              {view.name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {views.map((view) => (
          <Tabs.Content key={view.name} value={view.name} tabIndex={-1} className="min-h-80">
            {view.content}
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </section>
  )
}

function viewsOf({ run, stage, events }: StageDetailProps): { name: string; content: React.ReactNode }[] {
  const own = events.filter((event) => event.stage === stage.name)
  const curves = { name: 'Curves', content: <StageCurves runId={run.id} stage={stage} events={own} /> }
  const samples = { name: 'Samples', content: <StageSamplesView runId={run.id} stage={stage.name} /> }
  const rest = [
    { name: 'Settings', content: <StageSettings recipe={run.recipe} stage={stage.name} /> },
    { name: 'Events', content: <EventList events={own} stage={stage} /> },
    { name: 'Recipe', content: <RecipeText text={run.recipeText} /> },
  ]
  switch (stage.type) {
    case 'preferences':
      return [{ name: 'Votes', content: <VoteProgress run={run} stage={stage} /> }, ...rest]
    case 'evaluate':
      return [{ name: 'Results', content: <EvaluationResults runId={run.id} stage={stage} /> }, ...rest]
    case 'release':
      return rest
    case 'reward':
      return [curves, { name: 'Held out', content: <CalibrationView stage={stage} /> }, ...rest]
    default:
      return [curves, samples, ...rest]
  }
}

function StageHeading({ stage, sentence }: { stage: StageRun; sentence: string }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-baseline gap-x-3 font-semibold text-xl">
          {stage.name}
          <span className="font-medium text-base" style={{ color: stageColor(stage.type) }}>
            {stage.type}
          </span>
        </h2>
        <p className="flex flex-wrap items-baseline gap-x-2">
          <StateMark state={stage.state} />
          <span className="text-muted">{sentence}</span>
          {isLive(stage.state) && stage.totalSteps > 1 && !sentence.includes(` of ${stage.totalSteps}`) && (
            <span className="tabular text-muted">
              step {formatCount(stage.step)} of {formatCount(stage.totalSteps)}
            </span>
          )}
          <Elapsed from={stage.startedAt} to={stage.finishedAt} />
        </p>
      </div>
      <StageLinks stage={stage} />
    </div>
  )
}
