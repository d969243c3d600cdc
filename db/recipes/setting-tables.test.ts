import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settingTables } from './setting-tables.ts'
import { withSettingTables } from './with-setting-tables.ts'

it('stands in docs/recipes.md as the schemas have it', () => {
  const document = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8')
  expect(document).toBe(withSettingTables(document))
  expect(document).toContain('| `learningRate` | number | `0.00002` |')
})

it('says what every setting means', () => {
  const rows = settingTables()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows.length).toBeGreaterThan(80)
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([])
})
