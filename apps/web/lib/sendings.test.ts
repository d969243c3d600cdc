import { expect, it } from 'vitest'
import { Sendings } from './sendings.ts'

/** Sends until it is stopped. */
const untilStopped = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the connection was lost')))
  })

it('tells of the bytes of each import, until its end', async () => {
  const sendings = new Sendings()
  const seen: [string, number][][] = []
  const forget = sendings.subscribe(() => seen.push([...sendings.bytes()]))
  expect(await sendings.run('a', async (_, onBytes) => onBytes(5))).toBe(true)
  expect(seen).toEqual([[['a', 0]], [['a', 5]], []])
  forget()
  await sendings.run('b', async () => undefined)
  expect(seen).toHaveLength(3)
})

it('stops one that has told of no bytes yet, and no other', async () => {
  const sendings = new Sendings()
  const [a, b] = [sendings.run('a', untilStopped), sendings.run('b', untilStopped)]
  sendings.stop('a')
  expect(await a).toBe(false)
  expect([...sendings.bytes()]).toEqual([['b', 0]])
  sendings.stop('b')
  expect(await b).toBe(false)
})

it('passes on why one failed, and keeps nothing of it', async () => {
  const sendings = new Sendings()
  await expect(sendings.run('a', () => Promise.reject(new Error('too large')))).rejects.toThrow('too large')
  expect([...sendings.bytes()]).toEqual([])
  sendings.stop('a')
})
