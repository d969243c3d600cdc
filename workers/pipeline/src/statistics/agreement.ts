import { TemperError } from '@temper/db/contracts'

/** What a labeler said of an item. */
export type Label = string | number

/**
 * Agreement beyond chance: 1 is perfect, 0 what chance gives, below 0 is worse than chance. Null where votes cannot
 * tell: no item has two of them, or all are of one label, so that chance would agree as well.
 */
export type Agreement = number | null

/**
 * Cohen's kappa (1960), unweighted: two labelers who judged the same items. Chance has each labeler's own shares.
 * @throws TemperError invalid_input for lists of unequal length
 */
export function cohenKappa(first: readonly Label[], second: readonly Label[]): Agreement {
  const n = first.length
  if (second.length !== n) {
    throw new TemperError('invalid_input', `Cohen's kappa needs two labels an item, got ${n} and ${second.length}`)
  }
  const agreeing = first.filter((label, i) => label === second[i]).length
  const seconds = countByLabel(second)
  const chance = sumOf(countByLabel(first), (count, label) => count * (seconds.get(label) ?? 0))
  return beyondChance(agreeing / n, chance / n ** 2)
}

/**
 * Fleiss' kappa (1971): equally many votes an item, by any labelers. Chance has the shares of all votes.
 * @param items - the votes on each
 * @throws TemperError invalid_input for items with unequal numbers of votes
 */
export function fleissKappa(items: readonly (readonly Label[])[]): Agreement {
  const size = items[0]?.length
  const odd = items.find((votes) => votes.length !== size)
  if (odd) {
    throw new TemperError(
      'invalid_input',
      `Fleiss' kappa needs equally many votes an item, got ${size} and ${odd.length}`,
    )
  }
  const votes = items.flat()
  const chance = sumOf(countByLabel(votes), (count) => count ** 2)
  return beyondChance(agreementWithin(items), chance / votes.length ** 2)
}

/**
 * Krippendorff's alpha (2011) of nominal labels: any number of votes an item, of which those with one are left out.
 * Chance draws two of all other votes without putting the first back.
 * @param items - the votes on each, missing ones absent
 */
export function krippendorffAlpha(items: readonly (readonly Label[])[]): Agreement {
  const pairable = items.filter((votes) => votes.length >= 2)
  const votes = pairable.flat()
  const chance = sumOf(countByLabel(votes), (count) => count * (count - 1))
  return beyondChance(agreementWithin(pairable), chance / (votes.length * (votes.length - 1)))
}

/** Share of the other votes on its item that a vote agrees with, mean over votes. */
function agreementWithin(items: readonly (readonly Label[])[]): number {
  let [agreeing, total] = [0, 0]
  for (const votes of items) {
    agreeing += sumOf(countByLabel(votes), (count) => count * (count - 1)) / (votes.length - 1)
    total += votes.length
  }
  return agreeing / total
}

/** 0 / 0, where there is nothing to compare or nothing that chance leaves open, becomes null. */
function beyondChance(observed: number, chance: number): Agreement {
  const value = (observed - chance) / (1 - chance)
  return Number.isNaN(value) ? null : value
}

function countByLabel(votes: readonly Label[]): Map<Label, number> {
  const counts = new Map<Label, number>()
  for (const label of votes) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function sumOf(counts: Map<Label, number>, term: (count: number, label: Label) => number): number {
  return Array.from(counts).reduce((sum, [label, count]) => sum + term(count, label), 0)
}
