import { settingTables } from './setting-tables.ts'

const [begin, end] = ['<!-- settings: written by `npm run docs -w db` -->', '<!-- end of settings -->']

/** The document with its tables as the schemas have them now. */
export function withSettingTables(document: string): string {
  const [before, rest] = document.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined)
    throw new Error(`the document has no place for tables: ${begin} … ${end}`)
  return `${before}${begin}\n\n${settingTables()}\n${end}${after}`
}
