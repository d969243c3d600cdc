import type { Comparison } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import {
  type Command,
  knownPairs,
  newVoteSession,
  type VoteAction,
  type VoteSession,
  voteReducer,
} from './vote-session.ts'

const progress = { votes: 0, needed: 10, mine: 0, remaining: 3, openStages: 1 }

function pair(letter: string): Comparison {
  const side = (name: string) => `${name} of ${letter}`
  const prompt = [{ role: 'user' as const, content: letter }]
  return { id: letter, runId: 'run', stage: 'pairs', prompt, left: side('left'), right: side('right'), guidelines: '' }
}

function session(): VoteSession {
  return newVoteSession(['a', 'b', 'c'].map(pair), progress, 0)
}

function after(state: VoteSession, ...actions: VoteAction[]): VoteSession {
  return actions.reduce(voteReducer, state)
}

const cast = (voteId: string, now: number): VoteAction => ({ type: 'vote', voteId, choice: 'left', strength: 1, now })
const commandsOf = (state: VoteSession) =>
  state.outbox.map((command) => (command.type === 'vote' ? `vote ${command.vote.voteId}` : `undo ${command.voteId}`))
const first = (state: VoteSession): Command => {
  const command = state.outbox[0]
  if (command === undefined) throw new Error('the outbox is empty')
  return command
}

describe('voteReducer', () => {
  it('queues a vote with its time and note, and shows the next pair at once', () => {
    const state = after(session(), { type: 'note', note: 'shorter' }, cast('v1', 4000))
    expect(state.pairs.map(({ id }) => id)).toEqual(['b', 'c'])
    expect(first(state)).toMatchObject({ comparison: { id: 'a' }, vote: { seconds: 4, note: 'shorter' } })
    expect(state.note).toBe('')
  })

  it('takes a double press for one vote', () => {
    const state = after(session(), cast('v1', 1000), cast('v2', 1100))
    expect(commandsOf(state)).toEqual(['vote v1'])
    expect(state.pairs[0]?.id).toBe('b')
  })

  it('does not vote where no pair is shown', () => {
    const empty = newVoteSession([], progress, 0)
    expect(after(empty, cast('v1', 1000))).toBe(empty)
  })

  it('keeps votes while offline and in their order', () => {
    const state = after(session(), cast('v1', 1000), { type: 'unreachable' }, cast('v2', 2000))
    expect(state.connection).toBe('offline')
    expect(commandsOf(state)).toEqual(['vote v1', 'vote v2'])
  })

  it('stays offline while votes wait, even where pairs still arrive', () => {
    const state = after(
      session(),
      cast('v1', 1000),
      { type: 'unreachable' },
      { type: 'loaded', comparisons: [pair('d')], progress, now: 2000 },
    )
    expect(state.connection).toBe('offline')
  })

  it('is online again once a vote is delivered', () => {
    const voted = after(session(), cast('v1', 1000), { type: 'unreachable' })
    const state = after(voted, { type: 'delivered', command: first(voted), progress: { ...progress, mine: 1 } })
    expect(state).toMatchObject({ connection: 'online', outbox: [], progress: { mine: 1 } })
  })

  it('drops an undone vote that has not left', () => {
    const state = after(session(), cast('v1', 1000), cast('v2', 2000), { type: 'undo', now: 3000 })
    expect(commandsOf(state)).toEqual(['vote v1'])
    expect(state.pairs[0]?.id).toBe('b')
  })

  it('takes a vote back on the server that may have left', () => {
    const state = after(session(), cast('v1', 1000), { type: 'undo', now: 2000 })
    expect(commandsOf(state)).toEqual(['vote v1', 'undo v1'])
    expect(state.pairs[0]?.id).toBe('a')
  })

  it('takes a delivered vote back', () => {
    const voted = after(session(), cast('v1', 1000))
    const state = after(voted, { type: 'delivered', command: first(voted), progress }, { type: 'undo', now: 2000 })
    expect(commandsOf(state)).toEqual(['undo v1'])
  })

  it('says so when there is nothing to undo', () => {
    expect(after(session(), { type: 'undo', now: 1 }).notice).toContain('nothing to undo')
  })

  it('lets a refused vote go and says why', () => {
    const voted = after(session(), cast('v1', 1000))
    const state = after(voted, { type: 'refused', command: first(voted), message: 'the pair is closed' })
    expect(state).toMatchObject({ outbox: [], cast: [], notice: 'A vote was not accepted: the pair is closed' })
  })

  it('adds fetched pairs once, without those on the screen, skipped or voted on', () => {
    const state = after(session(), cast('v1', 1000), { type: 'skip', now: 2000 })
    const fetched = ['a', 'b', 'c', 'd'].map(pair)
    const loaded = after(state, { type: 'loaded', comparisons: fetched, progress, now: 3000 })
    expect(loaded.pairs.map(({ id }) => id)).toEqual(['c', 'd'])
    expect(loaded.exhausted).toBe(false)
    expect(after(loaded, { type: 'loaded', comparisons: fetched, progress, now: 4000 }).exhausted).toBe(true)
  })

  it('brings skipped pairs back when asked', () => {
    const state = after(session(), { type: 'skip', now: 1 }, { type: 'revisit', now: 2 })
    expect(state.pairs.map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  })

  it('sends votes that an earlier page left behind first', () => {
    const earlier = after(session(), cast('v0', 500)).outbox
    const state = after(session(), cast('v1', 1000), { type: 'restored', outbox: earlier })
    expect(commandsOf(state)).toEqual(['vote v0', 'vote v1'])
    expect(knownPairs(state)).toContain('a')
  })
})
