import { bigint, text, timestamp } from 'drizzle-orm/pg-core'

/** An instant with its zone; queries hand it out as a `Date`. */
export const instant = () => timestamp({ withTimezone: true, precision: 3 })
/** When the row was written. */
export const createdAt = () => instant().notNull().defaultNow()
/** Bytes and parameter counts pass 2³¹, but not 2⁵³. */
export const bigCount = () => bigint({ mode: 'number' })
/** sha256 in hex. */
export const digest = () => text()
