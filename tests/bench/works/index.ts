import { openDpo } from './dpo.ts'
import { openDpoReal } from './dpo-real.ts'
import { openGenerate } from './generate.ts'
import { openPpo } from './ppo.ts'
import { openReward } from './reward.ts'
import { openSft } from './sft.ts'
import { openSftReal } from './sft-real.ts'
import type { OpenWork } from './work.ts'

export interface WorkKind {
  open: OpenWork
  /** Name of the figure that its steps give. */
  figure: 'tokens_per_s' | 'pairs_per_s' | 'episodes_per_s'
  about: string
  /** Whether it is done on the lengths of real dialogues. */
  dialogues?: true
}

export const works = {
  sft: { open: openSft, figure: 'tokens_per_s', about: 'forward, backward, clipping, AdamW on rows of tokens' },
  reward: { open: openReward, figure: 'pairs_per_s', about: 'the same on chosen and rejected rows, with a score head' },
  dpo: { open: openDpo, figure: 'pairs_per_s', about: 'reference forward, policy forward and backward on pairs' },
  generate: { open: openGenerate, figure: 'tokens_per_s', about: 'sampled tokens with a cache, prefill included' },
  ppo: { open: openPpo, figure: 'episodes_per_s', about: 'sample, score, log-probs, values, 4 epochs of updates' },
  sft_real: {
    open: openSftReal,
    figure: 'tokens_per_s',
    about: 'sft on prompts and answers of the lengths in --lengths, packed; real tokens',
    dialogues: true,
  },
  dpo_real: {
    open: openDpoReal,
    figure: 'pairs_per_s',
    about: 'dpo on pairs of the lengths in --lengths, packed, each prompt once',
    dialogues: true,
  },
} as const satisfies Record<string, WorkKind>

export type WorkName = keyof typeof works
export const workNames = Object.keys(works) as WorkName[]
