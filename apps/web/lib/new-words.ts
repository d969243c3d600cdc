/** A part of a text, and whether the text before lacks it. */
export interface TextPart {
  text: string
  isNew: boolean
}

/** Below this share of common words two texts are other texts, and marks would only be noise. */
const akinFrom = 0.3

/**
 * A text in parts, words marked that are not in the longest common subsequence with another; parts joined are the text.
 * Texts with little in common come back unmarked.
 */
export function markNewWords(before: string, text: string): TextPart[] {
  const words = text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]
  const kept = commonPlaces(
    before.split(/\s+/),
    words.map((word) => word.trim()),
  )
  if (kept.size < akinFrom * words.length) return [{ text, isNew: false }]
  const parts: TextPart[] = []
  for (const [place, word] of words.entries()) {
    const last = parts.at(-1)
    const isNew = !kept.has(place)
    if (last?.isNew === isNew) last.text += word
    else parts.push({ text: word, isNew })
  }
  return parts
}

/** Places in `b` of a longest common subsequence with `a`. */
function commonPlaces(a: readonly string[], b: readonly string[]): Set<number> {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const longest = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
      lengths[i]?.fill(longest, j, j + 1)
    }
  }
  const places = new Set<number>()
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      places.add(j++)
      i++
    } else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return places
}
