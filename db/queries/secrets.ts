import { createHash, randomBytes } from 'node:crypto'

/** A secret of 256 random bits that nobody guesses, with a prefix that says what it is. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`
}

/** What the database keeps of a secret. The secret is random, so a plain digest is enough: there is nothing to try out. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
