import { type PairCount, PairHeap } from './pair-heap.ts'

interface Word {
  ids: number[]
  count: number
}

interface Pair {
  count: number
  /** Indices of words that hold it, or held it once. */
  words: Set<number>
}

const keyOf = (left: number, right: number) => left * 2 ** 26 + right

/**
 * Learns merges from words and their counts (Sennrich et al., 2016): the most frequent neighbours become one token, over
 * and over. Only words that hold the merged pair are visited again. Two ways to the same characters share one token.
 *
 * @param words token ids of every distinct word (not changed), with how often it occurs
 * @param tokens by id; merged ones are appended, until there are `vocabSize` or no pair occurs twice
 * @returns the pairs in merge order
 */
export function learnMerges(words: readonly Word[], tokens: string[], vocabSize: number): [string, string][] {
  const state = new MergeState(words)
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const merges: [string, string][] = []
  while (tokens.length < vocabSize) {
    const best = state.mostFrequent()
    if (best === undefined || best.count < 2) break
    const left = tokens[best.left] as string
    const right = tokens[best.right] as string
    const id = ids.get(left + right) ?? tokens.push(left + right) - 1
    ids.set(left + right, id)
    state.merge(best, id)
    merges.push([left, right])
  }
  return merges
}

class MergeState {
  readonly #words: Word[]
  readonly #pairs = new Map<number, Pair>()
  readonly #heap = new PairHeap()

  constructor(words: readonly Word[]) {
    this.#words = words.map(({ ids, count }) => ({ ids: [...ids], count }))
    for (const [index, word] of this.#words.entries()) this.#add(word, index, 1, new Set())
    for (const [key, { count }] of this.#pairs) this.#heap.push(pairCount(key, count))
  }

  mostFrequent(): PairCount | undefined {
    for (let top = this.#heap.pop(); top !== undefined; top = this.#heap.pop()) {
      if (this.#pairs.get(keyOf(top.left, top.right))?.count === top.count) return top
    }
    return undefined
  }

  merge({ left, right }: PairCount, id: number): void {
    const key = keyOf(left, right)
    const changed = new Set<number>()
    for (const index of this.#pairs.get(key)?.words ?? []) {
      const word = this.#words[index] as Word
      this.#add(word, index, -1, changed)
      word.ids = mergeIn(word.ids, left, right, id)
      this.#add(word, index, 1, changed)
    }
    this.#pairs.delete(key)
    for (const each of changed) {
      const count = this.#pairs.get(each)?.count ?? 0
      if (count > 0) this.#heap.push(pairCount(each, count))
    }
  }

  /** Counts a word's pairs in (`sign` 1) or out (−1). */
  #add(word: Word, index: number, sign: 1 | -1, changed: Set<number>): void {
    for (let i = 1; i < word.ids.length; i++) {
      const key = keyOf(word.ids[i - 1] as number, word.ids[i] as number)
      const pair = this.#pairs.get(key) ?? { count: 0, words: new Set() }
      pair.count += sign * word.count
      pair.words.add(index)
      this.#pairs.set(key, pair)
      changed.add(key)
    }
  }
}

function pairCount(key: number, count: number): PairCount {
  return { left: Math.floor(key / 2 ** 26), right: key % 2 ** 26, count }
}

/** Replaces each `left, right` by `id`, from the left. */
function mergeIn(ids: number[], left: number, right: number, id: number): number[] {
  const merged: number[] = []
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      merged.push(id)
      i++
    } else merged.push(ids[i] as number)
  }
  return merged
}
