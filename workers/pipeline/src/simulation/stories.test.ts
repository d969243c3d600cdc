import { conversationRowSchema, promptRowSchema, textRowSchema } from '@temper/db/contracts'
import { expect, test } from 'vitest'
import { generateStories, type StorySource } from './stories.ts'
import { scoreStory, storyTaste, topStoryScore } from './stories-taste.ts'
import { requestFor, topicOf, topicsOf } from './story-requests.ts'

const source: StorySource = { kind: 'conversations', count: 3000, seed: 2, split: 'train' }
const conversations = generateStories(source).map((row) => {
  const { messages } = conversationRowSchema.parse(row)
  return { request: messages[0]?.content ?? '', story: messages[1]?.content ?? '' }
})
const share = (holds: (each: { request: string; story: string }) => boolean) =>
  conversations.filter(holds).length / conversations.length

test('rows are of the kind that was asked for', () => {
  expect(generateStories({ ...source, kind: 'text' }).every((row) => textRowSchema.safeParse(row).success)).toBe(true)
  expect(generateStories({ ...source, kind: 'prompts' }).every((row) => promptRowSchema.safeParse(row).success)).toBe(
    true,
  )
  expect(generateStories({ ...source, count: 0 })).toEqual([])
})

test('the same seed gives the same rows, another seed others, a larger count goes on', () => {
  const rows = generateStories({ ...source, count: 40 })
  expect(generateStories({ ...source, count: 40 })).toEqual(rows)
  expect(generateStories({ ...source, count: 60 }).slice(0, 40)).toEqual(rows)
  expect(generateStories({ ...source, count: 40, seed: 3 })).not.toEqual(rows)
})

test('the splits share no request, and together hold every one', () => {
  const requests = (split: 'train' | 'held-out') => new Set(topicsOf(split).map(requestFor))
  expect([...requests('train')].filter((request) => requests('held-out').has(request))).toEqual([])
  expect(requests('train').size + requests('held-out').size).toBe(36 * 36)
  expect(requests('held-out').size).toBeGreaterThan(200)
})

test('held-out prompts do not repeat before every topic was asked for', () => {
  const prompts = generateStories({ kind: 'prompts', count: 200, seed: 4, split: 'held-out' })
  expect(new Set(prompts.map((row) => JSON.stringify(row))).size).toBe(200)
})

test('a request says what the story is to be about', () => {
  expect(requestFor({ character: 'owl', object: 'key' })).toBe('Write a story about an owl and a key.')
  expect(topicOf('Write a story about an owl and a key.')).toEqual({ character: 'owl', object: 'key' })
  expect(topicOf('Tell me a joke.')).toBeUndefined()
})

test('hardly any story occurs twice', () => {
  expect(new Set(conversations.map(({ story }) => story)).size).toBeGreaterThan(2990)
})

test('stories vary in every quality that the taste looks at', () => {
  const part = (name: keyof ReturnType<typeof scoreStory>, holds: (score: number) => boolean) =>
    share(({ request, story }) => holds(scoreStory(request, story, true)[name]))
  const expectShare = (measured: number, low: number, high: number) => {
    expect(measured).toBeGreaterThan(low)
    expect(measured).toBeLessThan(high)
  }
  expectShare(
    part('end', (score) => score === 4),
    0.3,
    0.45,
  ) // happy
  expectShare(
    part('end', (score) => score === 0),
    0.3,
    0.45,
  ) // sad
  expectShare(
    part('kindness', (score) => score > 0),
    0.3,
    0.5,
  )
  expectShare(
    part('kindness', (score) => score < 0),
    0.3,
    0.5,
  )
  expectShare(
    part('talk', (score) => score > 0),
    0.35,
    0.55,
  )
  expectShare(
    part('closing', (score) => score > 0),
    0.4,
    0.6,
  )
  expectShare(
    part('colours', (score) => score > 0),
    0.3,
    0.6,
  )
})

test('the taste spreads stories widely: hardly any is perfect, and ties are rare', () => {
  const scores = conversations.map(({ request, story }) => storyTaste(request, story, true))
  expect(Math.max(...scores)).toBeLessThanOrEqual(topStoryScore)
  expect(scores.filter((score) => score > 0.95 * topStoryScore).length / scores.length).toBeLessThan(0.01)
  const pairs = scores.slice(1).map((score, i) => Math.abs(score - (scores[i] ?? 0)))
  expect(pairs.filter((difference) => difference === 0).length / pairs.length).toBeLessThan(0.01)
  expect(pairs.filter((difference) => difference <= 0.5).length / pairs.length).toBeLessThan(0.13)
  expect(pairs.filter((difference) => difference > 1.5).length / pairs.length).toBeGreaterThan(0.5)
})
