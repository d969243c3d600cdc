import { expect, it } from 'vitest'
import { importsOf } from './imports.ts'

const load = (specifier: string) => ({ specifier, typeOnly: false, resolveOnly: false })
const type = (specifier: string) => ({ specifier, typeOnly: true, resolveOnly: false })

it('finds every form of import', () => {
  const text = `import './setup.ts'
import a, { type B } from 'b'
import {
  many,
  names,
} from '../many.ts'
export * from './all.ts'
const lazy = await import('lazy')
const url = import.meta.resolve('@temper/engine/process')
`
  expect(importsOf(text)).toEqual([
    load('./setup.ts'),
    load('b'),
    load('../many.ts'),
    load('./all.ts'),
    load('lazy'),
    { specifier: '@temper/engine/process', typeOnly: false, resolveOnly: true },
  ])
})

it('tells imports of types apart', () => {
  const text = `import type { A } from 'a'
export type { B } from './b.ts'
type C = typeof import('c')
`
  expect(importsOf(text)).toEqual([type('a'), type('./b.ts'), type('c')])
})

it('takes no words of code for imports', () => {
  const text = `export const from = 'somewhere'
export function label(from = 'model') {}
  const said = "import x from 'y'"
`
  expect(importsOf(text)).toEqual([])
})
