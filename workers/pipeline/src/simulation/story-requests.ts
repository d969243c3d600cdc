import type { Message } from '@temper/db/contracts'
import { random, seedOf } from '@temper/engine/random'
import { characters, objects } from './story-words.ts'

/** What a story is asked to be about. */
export interface Topic {
  character: string
  object: string
}

export type Split = 'train' | 'held-out'

const heldOutShare = 1 / 6

/** Every pair of a character and an object belongs to one split; each word occurs in both. */
export function topicsOf(split: Split): Topic[] {
  const pairs = characters.flatMap((character, c) => objects.map((object, o) => ({ character, object, c, o })))
  return pairs
    .filter(({ c, o }) => random(seedOf('held-out requests'), c, o) < heldOutShare === (split === 'held-out'))
    .map(({ character, object }) => ({ character, object }))
}

export function requestFor({ character, object }: Topic): string {
  return `Write a story about ${withArticle(character)} and ${withArticle(object)}.`
}

export function titleFor({ character, object }: Topic): string {
  return `A story about ${withArticle(character)} and ${withArticle(object)}.`
}

/** The topic of a request, or undefined where a text asks for something else. */
export function topicOf(request: string): Topic | undefined {
  const [, character, object] = /story about an? (\w+) and an? (\w+)/i.exec(request) ?? []
  return character && object ? { character: character.toLowerCase(), object: object.toLowerCase() } : undefined
}

export function requestMessage(topic: Topic): Message {
  return { role: 'user', content: requestFor(topic) }
}

export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}
