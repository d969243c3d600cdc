import type { Model } from './model.ts'

/** Parameters that one token is multiplied by: all of a model, but of its experts only those that the token is sent to. */
export function activeParameters({ parameterShapes, activeShares = {} }: Model): number {
  const active = Object.entries(parameterShapes).map(
    ([name, shape]) => shape.reduce((product, axis) => product * axis, 1) * (activeShares[name] ?? 1),
  )
  return active.reduce((sum, count) => sum + count, 0)
}
