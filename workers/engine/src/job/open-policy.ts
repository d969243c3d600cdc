import { readModel } from '../checkpoint/index.ts'
import type { Model } from '../models/index.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.ts'

/** A checkpoint whose weights are read when a program takes them; see `addStoredRole`. */
export interface OpenPolicy {
  dir: string
  model: Model
  tokenizer: Tokenizer
}

/** @throws TemperError not_found, unsupported, invalid_checkpoint */
export async function openPolicy(dir: string): Promise<OpenPolicy> {
  return { dir, model: await readModel(dir), tokenizer: await loadTokenizer(dir) }
}
