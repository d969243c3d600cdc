import { EventEmitter, once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ModelShelf } from './model-shelf.ts'

/** A shelf whose models are their folders' names, with what happened to them in order. */
function shelfOf(capacity: number, load: (dir: string) => Promise<void> = () => Promise.resolve()) {
  const log: string[] = []
  const shelf = new ModelShelf(capacity, async (dir) => {
    log.push(`load ${dir}`)
    await load(dir)
    return { dir, close: () => log.push(`close ${dir}`) }
  })
  return { shelf, log, ask: (dir: string) => shelf.use(dir, (model) => Promise.resolve(model.dir)) }
}

describe('ModelShelf', () => {
  it('loads a model once for all that ask, and keeps those that were asked for last', async () => {
    const { shelf, log, ask } = shelfOf(2)
    expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual(['a', 'a', 'b'])
    await ask('a')
    await ask('c')
    expect(log).toEqual(['load a', 'load b', 'close b', 'load c'])
    await shelf.close()
    expect(log.slice(4).sort()).toEqual(['close a', 'close c'])
  })

  it('closes a model when its uses have ended, and loads the next only then', async () => {
    const { shelf, log, ask } = shelfOf(1)
    const over = new EventEmitter()
    const long = shelf.use('a', () => once(over, 'over'))
    const next = ask('b')
    await new Promise(setImmediate)
    expect(log).toEqual(['load a'])
    over.emit('over')
    await Promise.all([long, next])
    expect(log).toEqual(['load a', 'close a', 'load b'])
  })

  it('loads a model anew that is asked for while it leaves', async () => {
    const { log, ask } = shelfOf(1)
    expect(await Promise.all(['a', 'b', 'a'].map(ask))).toEqual(['a', 'b', 'a'])
    expect(log).toEqual(['load a', 'close a', 'load b', 'close b', 'load a'])
  })

  it('throws what loading throws, and tries again', async () => {
    let broken = true
    const { shelf, log, ask } = shelfOf(1, () =>
      broken ? Promise.reject(new Error('no such folder')) : Promise.resolve(),
    )
    const [first, second] = await Promise.allSettled([ask('a'), ask('a')])
    expect([first, second]).toMatchObject([{ reason: { message: 'no such folder' } }, { status: 'rejected' }])
    broken = false
    expect(await ask('a')).toBe('a')
    await shelf.close()
    expect(log).toEqual(['load a', 'load a', 'close a'])
  })

  it('stays as it is when a use fails', async () => {
    const { shelf, log, ask } = shelfOf(1)
    await expect(shelf.use('a', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    expect(await ask('a')).toBe('a')
    expect(log).toEqual(['load a'])
  })
})
