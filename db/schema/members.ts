import { snakeCase, text } from 'drizzle-orm/pg-core'
import type { Role } from '../contracts/index.ts'
import { createdAt } from './column-types.ts'

/** People. What a role may do is in contracts (`roleScopes`). */
export const members = snakeCase.table('members', {
  id: text().primaryKey(),
  name: text().notNull(),
  role: text().$type<Role>().notNull(),
  createdAt: createdAt(),
})
