/** A merge candidate: how often `left` is followed by `right`. */
export interface PairCount {
  left: number
  right: number
  count: number
}

/** Higher counts first; equal counts in the order of their token ids, so that training is deterministic. */
function before(a: PairCount, b: PairCount): boolean {
  if (a.count !== b.count) return a.count > b.count
  return a.left !== b.left ? a.left < b.left : a.right < b.right
}

/** A binary heap of pairs. Counts change after a push: the caller pushes again and drops stale entries at the top. */
export class PairHeap {
  readonly #items: PairCount[] = []

  push(item: PairCount): void {
    const items = this.#items
    let i = items.length
    items.push(item)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = items[parent] as PairCount
      if (!before(item, above)) break
      items[i] = above
      i = parent
    }
    items[i] = item
  }

  pop(): PairCount | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    let i = 0
    for (let child = 1; child < items.length; child = 2 * i + 1) {
      const right = items[child + 1]
      if (right !== undefined && before(right, items[child] as PairCount)) child++
      if (!before(items[child] as PairCount, last)) break
      items[i] = items[child] as PairCount
      i = child
    }
    items[i] = last
    return top
  }
}
