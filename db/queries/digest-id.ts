import { createHash } from 'node:crypto'
import { type IdKind, idFromBytes } from '../contracts/index.ts'

/** The id of something named by what it is: the same parts give the same id, so a retried write finds its first try. */
export function digestId(kind: IdKind, ...parts: (string | number)[]): string {
  return idFromBytes(kind, createHash('sha256').update(JSON.stringify(parts)).digest())
}
