import type { Checkpoint } from '@temper/db/contracts'
import { CopyButton } from '#components/ui/copy.tsx'
import { checkpointInRun } from '#lib/checkpoint-words.ts'
import { formatRelative } from '#lib/format.ts'
import type { Generation } from '#lib/generation.ts'
import { stageColor } from '#lib/stage-words.ts'

interface AnswerPaneProps {
  side: string
  policies: Checkpoint[]
  chosen: string
  onChoose: (id: string) => void
  /** Whether the side may be left empty. */
  optional: boolean
  answer: Generation
}

/** One policy and its answer. The pane keeps its place while text streams in. */
export function AnswerPane({ side, policies, chosen, onChoose, optional, answer }: AnswerPaneProps) {
  const policy = policies.find(({ id }) => id === chosen)
  return (
    <section
      aria-label={`${side} answer`}
      className="flex min-h-80 flex-col rounded-md border border-line border-t-2 bg-surface"
      style={{ borderTopColor: policy === undefined ? undefined : stageColor(policy.stageType) }}
    >
      <div className="border-line border-b p-2">
        <select
          aria-label={`${side} policy`}
          value={chosen}
          onChange={(event) => onChoose(event.target.value)}
          className="h-8 w-full rounded-md border border-line bg-page px-2 text-ink"
        >
          {optional && <option value="">No second policy</option>}
          {policies.map((option) => (
            <option key={option.id} value={option.id} suppressHydrationWarning>
              {`${checkpointInRun(option)} (${option.stageType}, ${formatRelative(option.createdAt, Date.now())})`}
            </option>
          ))}
        </select>
      </div>
      <div className="flex-1 p-4">
        <AnswerText answer={answer} />
      </div>
      <div className="flex min-h-10 items-center justify-between border-line border-t px-4 text-muted text-sm">
        <p role="status" className="tabular">
          {figures(answer)}
        </p>
        {answer.text !== '' && <CopyButton text={answer.text} label={`Copy the ${side.toLowerCase()} answer`} />}
      </div>
    </section>
  )
}

function AnswerText({ answer }: { answer: Generation }) {
  if (answer.phase === 'failed') {
    return (
      <>
        <p className="model-text">{answer.text}</p>
        <p role="alert" className="mt-2 text-danger">
          No further: {answer.message}
        </p>
      </>
    )
  }
  if (answer.phase === 'idle') return <p className="text-muted">The answer appears here.</p>
  if (answer.text === '' && answer.phase !== 'done') return <p className="text-muted">{answer.message}</p>
  return (
    <p className="model-text">
      {answer.text === '' ? <em className="text-muted">an empty answer</em> : answer.text}
      {answer.phase === 'streaming' && (
        <span aria-hidden="true" className="ml-0.5 inline-block h-4 w-[2px] translate-y-0.5 bg-ink" />
      )}
    </p>
  )
}

/** Tokens, rate, and how it ended. */
function figures({ phase, tokens, tokensPerSecond, endedProperly }: Generation): string {
  if (phase === 'idle' || phase === 'queued') return ''
  const rate = tokensPerSecond === null ? '' : `, ${tokensPerSecond.toFixed(0)} tokens/s`
  const ends: Partial<Record<Generation['phase'], string>> = {
    done: endedProperly ? ', ended properly' : ', cut at the limit',
    stopped: ', stopped',
  }
  return `${tokens} tokens${rate}${ends[phase] ?? ''}`
}
