import { readFile } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'
import type { Sequence } from '@temper/engine/data'
import { randomInt } from '@temper/engine/random'
import { z } from 'zod'

/** Lengths in tokens. */
export interface Dialogue {
  prompt: number
  chosen: number
  rejected: number
}

const length = z.number().int().positive()
const fileSchema = z.array(z.tuple([length, length, length])).min(1)

/**
 * Reads a JSON list of [prompt, chosen, rejected].
 * @throws TemperError invalid_input with the entry and the rule
 */
export async function readDialogues(file: string): Promise<Dialogue[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new TemperError('invalid_input', `--lengths: ${cause.message}`, { cause })
  })
  const parsed = fileSchema.safeParse(jsonOf(file, text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue?.path.length ? `entry ${issue.path.map((at) => Number(at) + 1).join(', number ')}` : 'the list'
    throw new TemperError('invalid_input', `${file}: ${place}: ${issue?.message}; each is [prompt, chosen, rejected]`)
  }
  return parsed.data.map(([prompt, chosen, rejected]) => ({ prompt, chosen, rejected }))
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TemperError('invalid_input', `${file} is no JSON: ${(cause as Error).message}`, { cause })
  }
}

/** The dialogues that `steps` timed steps of `batchSize` take: those after the two steps that a peer begins with. */
export function timedDialogues(all: readonly Dialogue[], batchSize: number, steps: number): Dialogue[] {
  return Array.from({ length: steps * batchSize }, (_, i) => all[(2 * batchSize + i) % all.length] as Dialogue)
}

/**
 * A prompt and its completion with random tokens, cut to `rowLength`: the prompt at its left down to one token, then the
 * completion at its right.
 * @param seed - of the prompt; that of the completion is `seed` and `side`
 */
export function dialogueSequence(
  lengths: { prompt: number; completion: number },
  { rowLength, vocabSize, seed, side }: { rowLength: number; vocabSize: number; seed: number; side: number },
): Sequence {
  const completion = Math.min(lengths.completion, rowLength - 1)
  const prompt = Math.max(1, Math.min(lengths.prompt, rowLength - completion))
  const drawn = (count: number, part: number) =>
    Array.from({ length: count }, (_, i) => 1 + randomInt(vocabSize - 1, seed, part, i))
  const ids = [...drawn(lengths.prompt, 0).slice(-prompt), ...drawn(completion, side)]
  return { ids, lossMask: ids.map((_, i) => i >= prompt) }
}
