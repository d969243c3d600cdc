import { describe, expect, it } from 'vitest'
import { isTestCode } from './packages.ts'
import { type Edge, Repository, shown } from './repository.ts'

const repository = new Repository()
const edges = repository.files.flatMap((file) => repository.edgesOf(file))

/** Folders, and what their shipped code may import of this repository beside itself. */
const mayImport: Record<string, RegExp> = {
  'db/contracts': /^$/,
  db: /^$/,
  'apps/web': /^@temper\/db\/contracts$/,
  'apps/cli': /^@temper\/db\/contracts$/,
  'apps/api': /^@temper\/db\//,
  'workers/engine': /^@temper\/db\/contracts$/,
  'workers/pipeline/src/workflows': /^@temper\/db\/contracts(\/workflows)?$/,
  'workers/pipeline': /^@temper\/(db|engine)\//,
  infra: /^@temper\/db\//,
}

/** The most particular rule for a file. */
function ruleFor(file: string): string | undefined {
  const matching = Object.keys(mayImport).filter((dir) => file.startsWith(`${dir}/`))
  return matching.sort((a, b) => b.length - a.length)[0]
}

/** What is no file of this repository: packages from outside, and Node's own modules. */
function isOutside({ target }: Edge): boolean {
  return target === undefined
}

describe('packages', () => {
  it('import of each other what the rules allow', () => {
    const forbidden = edges.filter(({ file, specifier }) => {
      const other = repository.packageNamed(specifier)
      const rule = isTestCode(file) ? undefined : ruleFor(file)
      return other && rule !== undefined && !mayImport[rule]?.test(specifier)
    })
    expect(forbidden.map(shown)).toEqual([])
  })

  it('are entered through their exports', () => {
    const dead = edges.filter(({ specifier, target }) => repository.packageNamed(specifier) && target === undefined)
    expect(dead.map(shown)).toEqual([])
  })

  it('reach into no other by path', () => {
    const crossing = edges.filter(({ file, specifier, target }) => {
      if (!specifier.startsWith('.') || target === undefined) return false
      // By name it would be a dependency in a circle: the test stack needs the packages that it tests.
      if (isTestCode(file) && target.startsWith('tests/support/')) return false
      return repository.packageOf(target) !== repository.packageOf(file) && target !== 'package.json'
    })
    expect(crossing.map(shown)).toEqual([])
  })

  it('leave tests and their helpers to tests', () => {
    const shipped = edges.filter(({ file, target }) => {
      return !isTestCode(file) && !file.startsWith('tests/') && target !== undefined && isTestCode(target)
    })
    expect(shipped.map(shown)).toEqual([])
  })
})

describe('the contracts', () => {
  it('need zod and nothing else', () => {
    const contracts = edges.filter(({ file }) => file.startsWith('db/contracts/') && !isTestCode(file))
    expect([...new Set(contracts.filter(isOutside).map(({ specifier }) => specifier))]).toEqual(['zod'])
    const elsewhere = contracts.filter(({ target }) => target !== undefined && !target.startsWith('db/contracts/'))
    expect(elsewhere.map(shown)).toEqual([])
  })
})

describe('workflows', () => {
  const loaded = repository.loadedFrom('workers/pipeline/src/workflows/index.ts')

  it('load the workflow library only: no database, clock or file', () => {
    const outside = new Set(loaded.filter(isOutside).map(({ specifier }) => specifier))
    expect([...outside]).toEqual(['@temporalio/workflow'])
  })

  it('take types alone from activities', () => {
    expect(loaded.filter(({ target }) => target?.includes('/activities/')).map(shown)).toEqual([])
  })
})

describe('TensorFlow', () => {
  const entries = [
    'apps/api/src/main.ts',
    'apps/cli/src/main.ts',
    'workers/pipeline/src/main.ts',
    'workers/pipeline/src/engine-worker.ts',
    'infra/dev/start.ts',
  ]

  it.each(entries)('is not loaded by %s', (entry) => {
    const loading = repository.loadedFrom(entry).filter(({ specifier }) => specifier.startsWith('@tensorflow/'))
    expect(loading.map(shown)).toEqual([])
  })

  it('is loaded by the engine process', () => {
    const loaded = repository.loadedFrom('workers/engine/src/job/main.ts')
    expect(loaded.some(({ specifier }) => specifier.startsWith('@tensorflow/'))).toBe(true)
  })
})

describe('the web app', () => {
  it('holds no database code', () => {
    const database = edges.filter(
      ({ file, specifier }) => file.startsWith('apps/web/') && /^(postgres|pg|drizzle-orm)(\/|$)/.test(specifier),
    )
    expect(database.map(shown)).toEqual([])
  })
})
