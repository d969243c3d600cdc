/** What every work of one model size is done on; those of the peer it is compared with. */
export interface Size {
  hiddenSize: number
  nLayer: number
  nHead: number
  vocabSize: number
  /** Set for Llama's layout with grouped-query attention; without it, GPT-2's. */
  llama?: { nKvHead: number; intermediateSize: number; contextLength: number }
  /** Rows (pairs in `reward` and `dpo`) of a training step, and tokens a row. */
  train: { batchSize: number; length: number }
  generate: { prompts: number; promptLength: number; newTokens: number }
  ppo: { prompts: number; promptLength: number; newTokens: number }
}

/** GPT-2's layout with 13.9 and 124 million parameters, and that of SmolLM2-135M. */
export const sizes = {
  small: {
    hiddenSize: 384,
    nLayer: 6,
    nHead: 6,
    vocabSize: 8192,
    train: { batchSize: 8, length: 256 },
    generate: { prompts: 32, promptLength: 64, newTokens: 128 },
    ppo: { prompts: 16, promptLength: 32, newTokens: 64 },
  },
  gpt2: {
    hiddenSize: 768,
    nLayer: 12,
    nHead: 12,
    vocabSize: 50_257,
    train: { batchSize: 2, length: 512 },
    generate: { prompts: 8, promptLength: 64, newTokens: 64 },
    ppo: { prompts: 4, promptLength: 32, newTokens: 32 },
  },
  smollm: {
    hiddenSize: 576,
    nLayer: 30,
    nHead: 9,
    vocabSize: 49_152,
    llama: { nKvHead: 3, intermediateSize: 1536, contextLength: 8192 },
    train: { batchSize: 2, length: 256 },
    generate: { prompts: 8, promptLength: 64, newTokens: 64 },
    ppo: { prompts: 4, promptLength: 32, newTokens: 32 },
  },
} as const satisfies Record<string, Size>

export type SizeName = keyof typeof sizes
export const sizeNames = Object.keys(sizes) as SizeName[]
