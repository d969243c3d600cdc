import type { ConversationRow, DataSource, PromptRow, TextRow } from '@temper/db/contracts'
import { seedOf, shuffle } from '@temper/engine/random'
import { Draws } from './draws.ts'
import { requestMessage, type Topic, titleFor, topicsOf } from './story-requests.ts'
import { writeStory } from './write-story.ts'

export type StorySource = Pick<Extract<DataSource, { generator: 'stories' }>, 'kind' | 'count' | 'seed' | 'split'>

/** Share of texts that begin with their title: a pretrained model has seen topics before it is asked for them. */
const titledShare = 0.15

/**
 * Rows of the story generator: texts (stories alone), conversations (a request and its story) or prompts (requests
 * alone). A row is a function of seed and row number, so a larger count begins with the rows of a smaller one. Topics
 * are visited in a shuffled order, all once before any comes again; the two splits share no request.
 */
export function generateStories(source: StorySource): (TextRow | ConversationRow | PromptRow)[] {
  const topics = topicsOf(source.split)
  const rounds: Topic[][] = []
  return Array.from({ length: source.count }, (_, row) => {
    const round = Math.floor(row / topics.length)
    rounds[round] ??= shuffle(topics, source.seed, seedOf('topics'), round)
    return storyRow(source, row, rounds[round]?.[row % topics.length] as Topic)
  })
}

function storyRow(source: StorySource, row: number, topic: Topic): TextRow | ConversationRow | PromptRow {
  if (source.kind === 'prompts') return { messages: [requestMessage(topic)] }
  const draws = new Draws(source.seed, seedOf('story'), row)
  const text = writeStory(topic, draws)
  if (source.kind === 'text') return { text: draws.chance(titledShare) ? `${titleFor(topic)} ${text}` : text }
  return { messages: [requestMessage(topic), { role: 'assistant', content: text }] }
}
