import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dialogueSequence, readDialogues, timedDialogues } from './dialogues.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'temper-lengths-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function read(text: string) {
  const file = path.join(dir, 'lengths.json')
  await writeFile(file, text)
  return readDialogues(file)
}

describe('the lengths of real dialogues', () => {
  it('are read from a list', async () => {
    expect(await read('[[5, 2, 3], [1, 1, 9]]')).toEqual([
      { prompt: 5, chosen: 2, rejected: 3 },
      { prompt: 1, chosen: 1, rejected: 9 },
    ])
  })

  it.each([
    ['[[5, 2, 3], [5, 0, 3]]', /lengths\.json: entry 2, number 2: .*>0/],
    ['[[5, 2]]', /entry 1.*\[prompt, chosen, rejected\]/],
    ['[[5, 2, "3"]]', /entry 1, number 3: .*number/],
    ['[]', /the list: .*1/],
    ['[[5, 2, 3]', /lengths\.json is no JSON: .*position 10/],
  ])('%s are refused with place and rule', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })

  it('are timed from the third step on, around the end of the list', () => {
    const all = [1, 2, 3, 4, 5].map((prompt) => ({ prompt, chosen: 1, rejected: 1 }))
    expect(timedDialogues(all, 2, 2).map(({ prompt }) => prompt)).toEqual([5, 1, 2, 3])
  })
})

describe('a dialogue', () => {
  const settings = { rowLength: 8, vocabSize: 50, seed: 3, side: 1 }
  const lengths = ({ prompt, completion }: { prompt: number; completion: number }) => {
    const { lossMask } = dialogueSequence({ prompt, completion }, settings)
    return [lossMask.filter((trained) => !trained).length, lossMask.filter((trained) => trained).length]
  }

  it('is cut at the left of its prompt, then at the right of its completion', () => {
    expect(lengths({ prompt: 3, completion: 4 })).toEqual([3, 4])
    expect(lengths({ prompt: 6, completion: 4 })).toEqual([4, 4])
    expect(lengths({ prompt: 6, completion: 9 })).toEqual([1, 7])
  })

  it('has the prompt of its seed whatever the side', () => {
    const [one, other] = [1, 2].map((side) => dialogueSequence({ prompt: 4, completion: 4 }, { ...settings, side }).ids)
    expect(one?.slice(0, 4)).toEqual(other?.slice(0, 4))
    expect(one?.slice(4)).not.toEqual(other?.slice(4))
  })
})
