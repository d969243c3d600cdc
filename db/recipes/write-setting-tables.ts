/** Writes the tables of settings into docs/recipes.md: `npm run docs -w db`, after a change of a recipe's schema. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withSettingTables } from './with-setting-tables.ts'

const path = new URL('../../docs/recipes.md', import.meta.url)
writeFileSync(path, withSettingTables(readFileSync(path, 'utf8')))
