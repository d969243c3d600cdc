import type { PreferenceLossName, StageOf } from '../contracts/index.ts'
import type { Finding } from './finding.ts'

type Dpo = StageOf<'dpo'>

/** Settings that only some losses read, and whether a stage sets them. */
const belongsTo: { key: keyof Dpo; losses: readonly PreferenceLossName[]; set(stage: Dpo): boolean }[] = [
  { key: 'labelSmoothing', losses: ['sigmoid', 'robust'], set: ({ labelSmoothing }) => labelSmoothing > 0 },
  { key: 'simpoGamma', losses: ['simpo'], set: ({ simpoGamma }) => simpoGamma !== undefined },
  {
    key: 'lengthNormalize',
    losses: ['sigmoid', 'hinge', 'robust', 'apo_zero'],
    set: ({ lengthNormalize }) => lengthNormalize,
  },
  {
    key: 'sftWeight',
    losses: ['sigmoid', 'hinge', 'ipo', 'robust', 'apo_zero', 'simpo', 'kto'],
    set: ({ sftWeight }) => sftWeight > 0,
  },
  { key: 'desirableWeight', losses: ['kto'], set: ({ desirableWeight }) => desirableWeight !== 1 },
  { key: 'undesirableWeight', losses: ['kto'], set: ({ undesirableWeight }) => undesirableWeight !== 1 },
]

/** Settings of one loss that another would not read, and those that it cannot do without. */
export function lossFindings(name: string, stage: Dpo): Finding[] {
  const { loss } = stage
  const unread = belongsTo
    .filter(({ losses, set }) => set(stage) && !losses.includes(loss))
    .map(({ key, losses }) => {
      const owners = losses.map((owner) => `'${owner}'`).join(', ')
      return { key, message: `the loss '${loss}' does not read it: it belongs to ${owners}` }
    })
  return [...unread, ...needs(stage)].map(({ key, message }) => ({ path: ['stages', name, key], message }))
}

function needs({ loss, labelSmoothing, simpoGamma, ties }: Dpo): { key: string; message: string }[] {
  if (loss === 'robust' && labelSmoothing === 0) {
    const message = "'robust' needs 'labelSmoothing' above 0, the share of wrong votes; without, it is 'sigmoid'"
    return [{ key: 'loss', message }]
  }
  if (loss === 'simpo' && simpoGamma === undefined) {
    return [{ key: 'loss', message: "'simpo' needs 'simpoGamma', the lead it asks for" }]
  }
  if (loss === 'kto' && ties === 'half') {
    return [
      { key: 'ties', message: "'kto' judges answers one by one, and a tie says of neither whether it is desirable" },
    ]
  }
  return []
}
