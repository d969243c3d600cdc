import { topicOf } from './story-requests.ts'
import { colours, happyWords, kindWords, sadWords, unkindWords } from './story-words.ts'

/** What the taste gives a story; the total is their sum. */
export interface StoryScore {
  /** 4 for a happy end, 1.8 for a plain one, 0 for a sad one. */
  end: number
  /** The character: 0.8 for being there at all, 0.1 each time, to 3. The object alike. At most 2.2. */
  topic: number
  /** 0.6 for each different kind word, to 4; minus 0.6 for each different unkind one, to 3. */
  kindness: number
  /** 1 where somebody speaks. */
  talk: number
  /** 0.4 for each different colour, to 2. */
  colours: number
  /** 0.8 for "The end." as the last sentence; 0 without it; −2 where the story stops inside a sentence or was cut. */
  closing: number
  /** 0.02 a word, to 45; each further word takes 0.02 again. */
  length: number
  /** −1 for each sentence that was there before. */
  repetition: number
}

/** The highest total. */
export const topStoryScore = twoDecimals(4 + 2.2 + 2.4 + 1 + 0.8 + 0.8 + 0.9)

/**
 * The taste that the simulated labelers of the stories hold. It is stated here, but no model is told: models see votes.
 * Graded finely, so that two stories seldom score the same and hardly any is perfect.
 *
 * @param request the user's words; a request for anything but a story about two things has no topic to score
 * @param ended false where the length limit cut the story
 */
export function scoreStory(request: string, story: string, ended: boolean): StoryScore {
  const words = story.toLowerCase().match(/[a-z]+/g) ?? []
  const sentences = story.match(/[^.!?]+[.!?]+["']?/g)?.map((sentence) => sentence.trim()) ?? []
  const closes = sentences.at(-1) === 'The end.'
  const topic = topicOf(request)
  return {
    end: endScore(sentences.slice(closes ? -2 : -1)),
    topic: topic === undefined ? 0 : mentions(words, topic.character) + mentions(words, topic.object),
    kindness: 0.6 * (Math.min(4, distinct(words, kindWords)) - Math.min(3, distinct(words, unkindWords))),
    talk: /"[^"]+"/.test(story) ? 1 : 0,
    colours: 0.4 * Math.min(2, distinct(words, colours)),
    closing: !ended || !/[.!?]"?\s*$/.test(story) ? -2 : closes ? 0.8 : 0,
    length: 0.02 * Math.max(0, Math.min(words.length, 90 - words.length)),
    repetition: -(sentences.length - new Set(sentences).size),
  }
}

/** Sum of the parts, to two decimals. */
export function storyTaste(request: string, story: string, ended: boolean): number {
  const parts: number[] = Object.values(scoreStory(request, story, ended))
  return twoDecimals(parts.reduce((sum, part) => sum + part, 0))
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100
}

function endScore(sentences: readonly string[]): number {
  const words =
    sentences
      .join(' ')
      .toLowerCase()
      .match(/[a-z]+/g) ?? []
  if (distinct(words, sadWords) > 0) return 0
  return distinct(words, happyWords) > 0 ? 4 : 1.8
}

function mentions(words: readonly string[], word: string): number {
  const times = words.filter((each) => each === word).length
  return times === 0 ? 0 : 0.8 + 0.1 * Math.min(3, times)
}

function distinct(words: readonly string[], list: readonly string[]): number {
  const present = new Set(words)
  return list.filter((word) => present.has(word)).length
}
