import type { Draws } from './draws.ts'
import { type Topic, withArticle } from './story-requests.ts'
import { characterAdjectives, characters, colours, names, objectAdjectives, places, times } from './story-words.ts'

/** How a story goes. Kind deeds and a happy end tend to come together, but need not. */
interface Mood {
  kind: number
  unkind: number
  happy: number
  sad: number
}
const warm: Mood = { kind: 0.7, unkind: 0.1, happy: 0.65, sad: 0.15 }
const plain: Mood = { kind: 0.3, unkind: 0.3, happy: 0.35, sad: 0.35 }
const cold: Mood = { kind: 0.1, unkind: 0.65, happy: 0.12, sad: 0.65 }

interface Cast extends Topic {
  mood: Mood
  /** The character's name, where the story gives one; else `the fox`. */
  who: string
  /** A second character: `a hen` until it has come by, then `the hen`. */
  other: string
  met: boolean
}

/**
 * A short story in simple English, four to eight sentences. Its qualities vary from story to story: how it ends, how kind
 * it is, whether somebody speaks, whether it has its last sentence, how often it names what was asked for.
 */
export function writeStory(topic: Topic, draws: Draws): string {
  const name = draws.chance(0.3) ? draws.pick(names) : undefined
  const second = draws.pick(characters.filter((character) => character !== topic.character))
  const met = draws.chance(0.55)
  const roll = draws.next()
  const cast: Cast = {
    ...topic,
    mood: roll < 0.3 ? warm : roll < 0.65 ? plain : cold,
    who: name ?? `the ${topic.character}`,
    other: met ? `the ${second}` : withArticle(second),
    met,
  }
  const troubled = draws.chance(0.3)
  const sentences = [
    opening(topic.character, name, draws),
    draws.chance(0.92) ? objectScene(cast, draws) : setting(draws),
    ...(!troubled && draws.chance(0.3) ? [setting(draws)] : []),
    ...(met ? [meeting(cast, second, draws)] : []),
    deed(cast, draws),
    ...(draws.chance(0.45) ? [talk(cast, draws)] : []),
    ...(troubled ? [trouble(cast, draws)] : []),
    ending(cast, draws),
    ...(draws.chance(0.5) ? ['The end.'] : []),
  ]
  return sentences.map(capitalised).join(' ')
}

function opening(character: string, name: string | undefined, draws: Draws): string {
  const adjectives = draws.chance(0.4) ? colours : characterAdjectives
  const who = withArticle(draws.chance(0.6) ? `${draws.pick(adjectives)} ${character}` : character)
  const named = name === undefined ? who : `${who} named ${name}`
  return draws.pick([
    `once there was ${named}.`,
    `${named} lived ${draws.pick(places)}.`,
    `one ${draws.pick(times)}, ${named} went for a walk.`,
    `there was ${named} ${draws.pick(places)}.`,
  ])
}

function objectScene({ character, object }: Cast, draws: Draws): string {
  const adjectives = draws.chance(0.4) ? colours : objectAdjectives
  const thing = withArticle(draws.chance(0.5) ? `${draws.pick(adjectives)} ${object}` : object)
  return draws.pick([
    `the ${character} found ${thing} ${draws.pick(places)}.`,
    `the ${character} wanted ${thing}.`,
    `the ${character} had ${thing}.`,
    `one ${draws.pick(times)}, the ${character} saw ${thing}.`,
    `the ${character} looked for ${thing} ${draws.pick(places)}.`,
    `it was looking for ${thing}.`,
  ])
}

function setting(draws: Draws): string {
  return draws.pick([
    `the sky was ${draws.pick(colours)}.`,
    `the grass was ${draws.pick(colours)}.`,
    'it began to rain.',
    'the wind was cold.',
    'the sun was warm.',
    'it was very late.',
  ])
}

function meeting({ who, object }: Cast, second: string, draws: Draws): string {
  return draws.pick([
    `then ${withArticle(second)} came by.`,
    `soon ${who} met ${withArticle(second)}.`,
    `${withArticle(second)} saw the ${object}.`,
    `${withArticle(`${draws.pick(characterAdjectives)} ${second}`)} came along.`,
  ])
}

function deed({ mood, who, other, character, object }: Cast, draws: Draws): string {
  const roll = draws.next()
  if (roll < mood.kind) {
    return draws.pick([
      `${who} shared the ${object} with ${other}.`,
      `${who} gave the ${object} to a friend.`,
      `${other} helped the ${character}.`,
      `${who} was kind and helped ${other}.`,
      `${other} and ${who} hugged and played together.`,
      `${who} gently gave the ${object} to ${other}.`,
      `${other} and the ${character} became friends.`,
    ])
  }
  if (roll < mood.kind + mood.unkind) {
    return draws.pick([
      `${who} hid the ${object}.`,
      `${who} pushed ${other}.`,
      `${other} stole the ${object}.`,
      `${who} was mean and shouted.`,
      `${other} broke the ${object}.`,
      `${who} got angry and ran away.`,
      `${other} kicked the ${object} away.`,
    ])
  }
  return draws.pick([
    `${who} looked at the ${object}.`,
    `${who} walked past ${other}.`,
    `${who} put the ${object} on a table.`,
    `${other} sat down and waited.`,
    `${who} carried the ${object} home.`,
  ])
}

function talk({ mood, who, other, met, object }: Cast, draws: Draws): string {
  const speaker = met && draws.chance(0.5) ? other : who
  const roll = draws.next()
  if (roll < mood.kind) return `"${draws.pick(['Thank you', 'You are welcome', 'You are kind'])}," said ${speaker}.`
  if (roll < mood.kind + mood.unkind) return `"${draws.pick(['Go away', 'You lied', 'It is mine'])}," said ${speaker}.`
  return draws.pick([
    `"What is that?" asked ${speaker}.`,
    `"I like the ${object}," said ${speaker}.`,
    `"Where are we?" asked ${speaker}.`,
  ])
}

function trouble({ who, object }: Cast, draws: Draws): string {
  return draws.pick([
    `but the ${object} fell into the water.`,
    `but ${who} could not sleep.`,
    `then ${who} fell down.`,
    `but the ${object} was too big.`,
    'suddenly there was a loud noise.',
  ])
}

function ending({ mood, who, object }: Cast, draws: Draws): string {
  const roll = draws.next()
  if (roll < mood.happy) {
    return draws.pick([
      `in the end ${who} was happy.`,
      'they all danced and laughed.',
      `${who} smiled and sang all day.`,
      `everyone cheered for ${who}.`,
      `${who} was glad and full of joy.`,
      `${who} laughed and took the ${object} home.`,
    ])
  }
  if (roll < mood.happy + mood.sad) {
    return draws.pick([
      `in the end ${who} was sad.`,
      `${who} cried and went home alone.`,
      `the ${object} was lost, and ${who} cried.`,
      `${who} was very sorry.`,
      `they never saw the ${object} again.`,
      `${who} sat alone, full of tears.`,
    ])
  }
  return draws.pick([
    `in the end ${who} went home.`,
    'then it was time for bed.',
    `${who} ate some bread.`,
    `after that, ${who} slept.`,
    `the next day ${who} looked at the ${object} again.`,
  ])
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
