import { expect, test } from 'vitest'
import { storyTaste, topStoryScore } from './stories-taste.ts'

const request = 'Write a story about a fox and a key.'
const plain = 'Once there was a fox. The fox found a key. The fox carried the key home. In the end the fox went home.'
const score = (story: string, ended = true) => storyTaste(request, story, ended)

test('adds up the parts that it states', () => {
  // 1.8 plain end + (0.8 + 0.3) fox four times + (0.8 + 0.2) key twice + 0.02 × 23 words
  expect(score(plain)).toBe(4.36)
})

/** Each change of the plain story, best first. */
const changes = {
  'a happy end': [
    plain.replace('went home', 'was happy'),
    plain.replace('In the end the fox went home', 'In the end the fox sat down'),
    plain.replace('went home', 'was sad'),
  ],
  'both things asked for': [
    plain,
    plain.replaceAll('key', 'cup'),
    plain.replaceAll('key', 'cup').replaceAll('fox', 'cow'),
  ],
  'kind deeds': [
    plain.replace('carried the key home', 'shared the key with a friend'),
    plain.replace('carried the key home', 'shared the key with a dog'),
    plain.replace('carried the key home', 'brought the key to a dog'),
    plain.replace('carried the key home', 'stole the key of a dog'),
  ],
  'somebody who speaks': [plain.replace('The fox carried', '"Oh," said the fox. It carried'), plain],
  colours: [
    plain.replace('a key', 'a red and blue key'),
    plain.replace('a key', 'a red and big key'),
    plain.replace('a key', 'a new and big key'),
  ],
  'a last sentence': [`${plain} The end.`, plain, plain.slice(0, -1)],
  'an end at all': [score(plain, true), score(plain, false)],
  'no repetition': [plain, plain.replace('The fox carried the key home.', 'The fox found a key.')],
  'a fair length': [
    `${'It was a long day, and it was warm and very late. '.slice(0, 100)}${plain}`,
    plain,
    `${Array.from({ length: 30 }, (_, i) => `So it went on, said number ${'x'.repeat(i + 1)}.`).join(' ')} ${plain}`,
  ],
}

test.each(Object.entries(changes))('prefers %s', (_, stories) => {
  const scores = stories.map((story) => (typeof story === 'number' ? story : score(story)))
  for (const [i, better] of scores.slice(0, -1).entries()) expect(better).toBeGreaterThan(scores[i + 1] ?? 0)
})

test('a closing sentence does not hide how the story ends', () => {
  const happy = plain.replace('went home', 'was happy')
  expect(score(`${happy} The end.`) - score(happy)).toBeCloseTo(0.8 + 2 * 0.02)
})

test('no story gets more than the top score, and an empty one gets nothing', () => {
  const perfect =
    'Once there was a golden fox named Tom. Tom found a red key by the sea. Then a kind hen came by. The fox gently gave ' +
    'the key to the hen. "Thank you, my friend," said the hen. The fox and the hen danced with the key. Tom was happy. The end.'
  expect(score(perfect)).toBeLessThanOrEqual(topStoryScore)
  expect(score(perfect)).toBeGreaterThan(0.95 * topStoryScore)
  expect(score('', false)).toBeLessThan(0)
})

test('scores other requests without a topic', () => {
  expect(storyTaste('Tell me something.', plain, true)).toBe(2.26)
})
