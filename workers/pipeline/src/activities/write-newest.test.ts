import { expect, it } from 'vitest'
import { writeNewest } from './write-newest.ts'

it('writes what is newest once the write before has ended, and goes on after one that failed', async () => {
  const written: number[] = []
  const errors: unknown[] = []
  const write = async (value: number) => {
    written.push(value)
    if (value === 1) throw new Error('the database is away')
  }
  const progress = writeNewest(write, (error) => errors.push(error))
  for (const value of [1, 2, 3]) progress.show(value)
  await progress.settle()
  progress.show(4)
  await progress.settle()
  expect(written).toEqual([1, 3, 4])
  expect(errors).toEqual([new Error('the database is away')])
})
