import type { Comparison, LabelProgress, VoteChoice } from '@temper/db/contracts'

/** What goes to the server, in the order in which the person did it. */
export type Command =
  | { type: 'vote'; comparison: Comparison; vote: Vote }
  | { type: 'undo'; voteId: string; comparison: Comparison }

export interface Vote {
  voteId: string
  choice: VoteChoice
  strength: number
  seconds: number
  note: string
}

/** A labelling session. The first of `pairs` is on the screen; the first of `outbox` is on its way. */
export interface VoteSession {
  pairs: Comparison[]
  shownAt: number
  note: string
  outbox: Command[]
  connection: 'online' | 'offline'
  /** Votes that can be taken back, newest last. */
  cast: { voteId: string; comparison: Comparison }[]
  skipped: Comparison[]
  progress: LabelProgress
  /** The server has no pairs beyond those here. */
  exhausted: boolean
  /** A sentence about the last thing that went otherwise than wished. */
  notice: string
}

export type VoteAction =
  | { type: 'loaded'; comparisons: Comparison[]; progress: LabelProgress; now: number }
  | { type: 'vote'; voteId: string; choice: VoteChoice; strength: number; now: number }
  | { type: 'skip' | 'revisit'; now: number }
  | { type: 'undo'; now: number }
  | { type: 'note'; note: string }
  | { type: 'restored'; outbox: Command[] }
  | { type: 'delivered'; command: Command; progress: LabelProgress | null }
  | { type: 'refused'; command: Command; message: string }
  | { type: 'unreachable' }

/** Two presses closer than this are one: nobody has read the next pair by then. */
export const doublePressMs = 300

export function newVoteSession(comparisons: Comparison[], progress: LabelProgress, now: number): VoteSession {
  const empty = { note: '', outbox: [], connection: 'online', cast: [], skipped: [], notice: '' } as const
  const exhausted = comparisons.length === 0
  return { ...empty, outbox: [], cast: [], skipped: [], pairs: comparisons, shownAt: now, progress, exhausted }
}

/** The state machine of the label page: pure, so that no vote can depend on how fast anything renders. */
export function voteReducer(state: VoteSession, action: VoteAction): VoteSession {
  switch (action.type) {
    case 'loaded':
      return load(state, action)
    case 'vote':
      return vote(state, action)
    case 'skip':
      return skip(state, action.now)
    case 'revisit':
      return { ...state, pairs: [...state.pairs, ...state.skipped], skipped: [], shownAt: action.now, notice: '' }
    case 'undo':
      return undo(state, action.now)
    case 'note':
      return { ...state, note: action.note }
    case 'restored':
      return { ...state, outbox: [...action.outbox.filter((command) => isNew(state, command)), ...state.outbox] }
    case 'delivered':
      return delivered(state, action)
    case 'refused':
      return refused(state, action)
    case 'unreachable':
      return { ...state, connection: 'offline' }
  }
}

/** Ids of pairs that the server may still offer though this session has dealt with them, or shows them. */
export function knownPairs(state: VoteSession): Set<string> {
  const pairs = [...state.pairs, ...state.skipped, ...state.outbox.map((command) => command.comparison)]
  return new Set(pairs.map((pair) => pair.id))
}

function load(state: VoteSession, action: Extract<VoteAction, { type: 'loaded' }>): VoteSession {
  const known = knownPairs(state)
  const voted = new Set(state.cast.map(({ comparison }) => comparison.id))
  const fresh = action.comparisons.filter(({ id }) => !known.has(id) && !voted.has(id))
  const shownAt = state.pairs.length === 0 ? action.now : state.shownAt
  const pairs = [...state.pairs, ...fresh]
  return { ...state, pairs, shownAt, progress: action.progress, exhausted: fresh.length === 0 }
}

function isNew(state: VoteSession, command: Command): boolean {
  return state.outbox.every((other) => other.type !== command.type || idOf(other) !== idOf(command))
}

function idOf(command: Command): string {
  return command.type === 'vote' ? command.vote.voteId : command.voteId
}

function vote(state: VoteSession, action: Extract<VoteAction, { type: 'vote' }>): VoteSession {
  const [comparison, ...pairs] = state.pairs
  const elapsedMs = action.now - state.shownAt
  if (comparison === undefined || elapsedMs < doublePressMs) return state
  const { voteId, choice, strength } = action
  const seconds = Math.min(86_400, elapsedMs / 1000)
  const command: Command = { type: 'vote', comparison, vote: { voteId, choice, strength, seconds, note: state.note } }
  const outbox = [...state.outbox, command]
  const cast = [...state.cast, { voteId, comparison }]
  return { ...state, pairs, outbox, cast, note: '', shownAt: action.now, notice: '' }
}

function skip(state: VoteSession, now: number): VoteSession {
  const [comparison, ...pairs] = state.pairs
  if (comparison === undefined) return state
  return { ...state, pairs, skipped: [...state.skipped, comparison], note: '', shownAt: now, notice: '' }
}

/** A vote that has not left yet is dropped; one that has is followed by a command that takes it back. */
function undo(state: VoteSession, now: number): VoteSession {
  const last = state.cast.at(-1)
  if (last === undefined) return { ...state, notice: 'There is nothing to undo in this session.' }
  const isLast = (command: Command) => command.type === 'vote' && command.vote.voteId === last.voteId
  const waiting = state.outbox.findIndex((command, index) => index > 0 && isLast(command))
  const outbox =
    waiting === -1
      ? [...state.outbox, { type: 'undo' as const, ...last }]
      : state.outbox.filter((_, index) => index !== waiting)
  return {
    ...state,
    outbox,
    cast: state.cast.slice(0, -1),
    pairs: [last.comparison, ...state.pairs],
    shownAt: now,
    note: '',
    notice: 'The last vote was taken back; choose again.',
  }
}

function without(outbox: Command[], command: Command): Command[] {
  return outbox.filter((other) => other !== command)
}

function delivered(state: VoteSession, action: Extract<VoteAction, { type: 'delivered' }>): VoteSession {
  const outbox = without(state.outbox, action.command)
  return { ...state, outbox, progress: action.progress ?? state.progress, connection: 'online' }
}

/** The server will never take it: it leaves the outbox, and the person hears why. */
function refused(state: VoteSession, { command, message }: Extract<VoteAction, { type: 'refused' }>): VoteSession {
  const cast = state.cast.filter((entry) => entry.voteId !== idOf(command))
  const what = command.type === 'vote' ? 'A vote was not accepted' : 'A vote could not be taken back'
  const outbox = without(state.outbox, command)
  return { ...state, outbox, cast, connection: 'online', notice: `${what}: ${message}` }
}
