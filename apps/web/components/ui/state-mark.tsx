import type { RunState, StageState } from '@temper/db/contracts'
import { stateWords } from '#lib/stage-words.ts'

type State = RunState | StageState

/** A state as a shape and a word, so that it never rests on colour alone. */
export function StateMark({ state, hideWord = false }: { state: State; hideWord?: boolean }) {
  return (
    <span className="inline-flex items-baseline gap-1.5 whitespace-nowrap [&>svg]:self-center">
      <StateShape state={state} />
      <span className={hideWord ? 'sr-only' : undefined}>{stateWords[state]}</span>
    </span>
  )
}

export function StateShape({ state }: { state: State }) {
  return (
    <svg viewBox="0 0 14 14" className="size-3.5 shrink-0" aria-hidden="true" fill="none" stroke="currentColor">
      {shapes[state]}
    </svg>
  )
}

const ring = <circle cx="7" cy="7" r="5.25" strokeWidth="1.5" />
const shapes: Record<State, React.ReactNode> = {
  queued: <circle cx="7" cy="7" r="5.25" strokeWidth="1.5" strokeDasharray="2 2.1" />,
  waiting: <circle cx="7" cy="7" r="5.25" strokeWidth="1.5" strokeDasharray="2 2.1" />,
  running: (
    <>
      {ring}
      <circle
        cx="7"
        cy="7"
        r="2.5"
        fill="currentColor"
        stroke="none"
        className="motion-safe:animate-[breathe_1.6s_infinite]"
      />
    </>
  ),
  paused: <path d="M4.5 3v8M9.5 3v8" strokeWidth="2.5" />,
  failed: (
    <path d="M7 1.5 13 12.5H1ZM7 5.5v3M7 10v.8" strokeWidth="1.4" strokeLinejoin="round" className="text-danger" />
  ),
  done: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" stroke="none" />
      <path d="m4.2 7.2 2 2 3.6-4" stroke="var(--surface)" strokeWidth="1.6" />
    </>
  ),
  cancelled: <path d="M3 3l8 8M11 3l-8 8" strokeWidth="1.6" />,
  skipped: <path d="M2 7h8m-3-3.5L10.5 7 7 10.5M12.5 3v8" strokeWidth="1.5" />,
}
