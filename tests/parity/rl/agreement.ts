import { cohenKappa, fleissKappa, krippendorffAlpha } from '@temper/pipeline/statistics'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const labels = z.array(z.number())
const schema = z
  .object({
    categories: z.array(z.string()),
    cohen_1_2: z.number(),
    fleiss: z.number(),
    with_missing: z.array(z.array(z.number().nullable())),
    krippendorff_alpha_nominal: z.number(),
  })
  .catchall(labels)

/** Agreement of raters `rater1`, `rater2`, …, who label the same items; in `with_missing` some labels are null. */
export function checkAgreement(json: unknown): Checks {
  const { categories: _, cohen_1_2, fleiss, with_missing, krippendorff_alpha_nominal, ...raters } = schema.parse(json)
  const { rater1 = [], rater2 = [] } = raters
  const partial = itemsOf(with_missing).map((votes) => votes.filter((label) => label !== null))
  const checks = new Checks()
  const compare = (name: string, actual: number | null, expected: number) =>
    checks.absolute(name, [actual ?? Number.NaN], [expected], tolerances.float64)
  compare('Cohen', cohenKappa(rater1, rater2), cohen_1_2)
  compare('Fleiss', fleissKappa(itemsOf(Object.values(raters))), fleiss)
  compare('Krippendorff', krippendorffAlpha(partial), krippendorff_alpha_nominal)
  return checks
}

/** Columns of rows: what all raters say of one item. */
function itemsOf<Label>(raters: Label[][]): Label[][] {
  return raters[0]?.map((_, item) => raters.flatMap((row) => row.slice(item, item + 1))) ?? []
}
