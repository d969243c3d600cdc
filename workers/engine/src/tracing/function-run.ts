import { TemperError } from '@temper/db/contracts'
import type { NativeFeed, NativeResult, RunRequest } from '../runtime/index.ts'
import { outputName } from './export-graph.ts'
import type { FunctionSpec, InputSpec, Output, Pause, Values } from './program.ts'
import { feedOf, type SessionVariable } from './session-variable.ts'
import type { Traced } from './trace.ts'
import { type GraphNode, sameShape } from './value.ts'
import { checkFeeds, splitInputs } from './values.ts'

/** A function as a session holds it. */
export interface TracedFunction {
  name: string
  spec: FunctionSpec<string>
  traced: Traced
  /** Those that it was traced with and needs. */
  variables: Map<string, SessionVariable>
  /** Nodes that something is computed of. */
  used: ReadonlySet<GraphNode>
}

/** What goes into a run of a function and what comes out of it: all, or those of one side of its pause. */
export interface Part {
  inputs: Record<string, InputSpec>
  outputs: readonly string[]
}

export function wholeOf({ spec, traced }: TracedFunction): Part {
  return { inputs: spec.inputs, outputs: Object.keys(traced.outputs) }
}

/** The sides of a pause. */
export function partsAround(defined: TracedFunction, { early, late }: Pause<string, string>): [Part, Part] {
  const { inputs, outputs } = wholeOf(defined)
  const { before, after } = splitInputs(inputs, late)
  const isEarly = (key: string) => early.includes(key)
  return [
    { inputs: before, outputs: outputs.filter(isEarly) },
    { inputs: after, outputs: outputs.filter((key) => !isEarly(key)) },
  ]
}

export function requestOf(defined: TracedFunction, part: Part, feeds: Record<string, Values>): RunRequest {
  const targets = defined.traced.effects.map((node) => node.name)
  return { feeds: feedsOf(defined, part, feeds), fetches: fetchesOf(defined, part), targets }
}

/** Throws `invalid_input` for feeds that are not those of the part. */
export function feedsOf(defined: TracedFunction, part: Part, feeds: Record<string, Values>): NativeFeed[] {
  const { inputs } = part
  checkFeeds(defined.name, inputs, feeds)
  return fedBy(defined, part).map(([key, node]) => {
    const spec = inputs[key] ?? never(key)
    return feedOf(node, spec, spec.shape, feeds[key] ?? never(key))
  })
}

/** Inputs of the part that something is computed of. */
export function fedBy({ traced, used }: TracedFunction, { inputs }: Part): [key: string, node: GraphNode][] {
  return Object.entries(traced.placeholders).filter(([key, node]) => key in inputs && used.has(node))
}

export function fetchesOf({ traced }: TracedFunction, { outputs }: Part): string[] {
  return outputs.map((key) => outputName((traced.outputs[key] ?? never(key)).output))
}

/** Refuses a result whose shape is not the one that the trace foresaw: a kernel's shape rule would be wrong. */
export function outputsOf(
  { name, traced }: TracedFunction,
  { outputs }: Part,
  results: NativeResult['outputs'],
): Record<string, Output> {
  const output = (key: string, i: number): Output => {
    const { shape } = traced.outputs[key] ?? never(key)
    const result = results[i]
    if (result && sameShape(result.shape, shape)) return { shape, data: result.data as Values }
    throw new TemperError('internal', `${name}/${key} was traced as [${shape}] and came out as [${result?.shape}]`)
  }
  return Object.fromEntries(outputs.map((key, i) => [key, output(key, i)]))
}

function never(key: string): never {
  throw new TemperError('internal', `${key} was checked and is missing`)
}
