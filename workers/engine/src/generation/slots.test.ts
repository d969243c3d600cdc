import { samplingSchema } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { Sequence } from './sequence.ts'
import { Slots } from './slots.ts'

const sequence = (prompt: number[]) =>
  new Sequence({ prompt, sampling: samplingSchema.parse({}), stopIds: [], seed: 1, index: 0 })

it('gives slots out in their first order once what they held is forgotten', () => {
  const slots = new Slots(3)
  const places = () =>
    [[1], [2], [3]].map((prompt) => {
      const placement = slots.place(prompt)
      if (placement) slots.occupy(sequence(prompt), placement)
      return placement?.slot
    })
  expect(places()).toEqual([0, 1, 2])
  for (const slot of [2, 0, 1]) slots.leave(slot)
  slots.forget()
  expect(places()).toEqual([0, 1, 2])
})
