import { expect, it, onTestFinished } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { EagerProgram } from '../tracing/index.ts'
import { BeamCaches } from './beam-caches.ts'
import { bytesPerToken } from './kv-cache.ts'

const model = tinyFamily('llama')

/** Room for 64 tokens in all slots of all caches. */
function start() {
  const program = new EagerProgram()
  onTestFinished(() => program.close())
  const policy = { program, model, role: 'policy', precision: 'fp32' } as const
  return { program, caches: new BeamCaches(policy, 64 * bytesPerToken(model, 'fp32')) }
}
const isHeld = (program: EagerProgram, { name }: { name: string }) =>
  program.read([`${name}/k/0`]).then(
    () => true,
    () => false,
  )

it('keeps caches of several shapes while there is room, and hands out the same again', async () => {
  const { program, caches } = start()
  const [two, four] = [await caches.get(2, 16), await caches.get(4, 8)]
  expect(await caches.get(2, 16)).toBe(two)
  expect([await isHeld(program, two), await isHeld(program, four)]).toEqual([true, true])
})

it('frees the others where there is no room for one more, which then has another name', async () => {
  const { program, caches } = start()
  const two = await caches.get(2, 16)
  await caches.get(3, 16)
  expect(await isHeld(program, two)).toBe(false)
  const again = await caches.get(2, 16)
  expect(again.name).not.toBe(two.name)
  expect(await isHeld(program, again)).toBe(true)
})

it('refuses one that is larger than all may be, and keeps what it has', async () => {
  const { program, caches } = start()
  const two = await caches.get(2, 16)
  await expect(caches.get(5, 16)).rejects.toMatchObject({
    code: 'invalid_input',
    details: { mostBytes: expect.anything() },
  })
  expect(await isHeld(program, two)).toBe(true)
})
