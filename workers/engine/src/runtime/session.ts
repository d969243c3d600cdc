import { availableParallelism } from 'node:os'
import { type ErrorCode, TemperError } from '@temper/db/contracts'
import { loadAddon, type NativeFeed, type NativeResult, type NativeSession } from './addon.ts'
import { decodeStepStats, encodeGraph, encodeMessage, type NodeExecStats, type NodeMessage } from './messages.ts'
// Both copies of the binding must come from one libtensorflow; tfjs loads it first.
import './tf.ts'

export interface SessionOptions {
  /** Of one operation; all cores unless set. The numbers of a run depend on it. */
  intraOpThreads?: number
  /** A server's address; this process unless set. */
  target?: string
}

export interface RunRequest {
  feeds: NativeFeed[]
  /** Outputs to hand back, in order: `node:output`. */
  fetches: string[]
  /** Nodes to run for their effect. */
  targets: string[]
}

/** What a run has handed back, and the way to its end. */
export interface PausedRun {
  outputs: NativeResult['outputs']
  finish(feeds: NativeFeed[]): Promise<NativeResult['outputs']>
}

const fullTrace = 3
/**
 * TensorFlow's number for the thread that runs the step itself: one operation after another, each on all cores. Two at
 * once would take turns on the same cores and push each other's data out of the caches.
 */
const ownThread = -1

/** TensorFlow's RewriterConfig.OFF. */
const off = 2
/**
 * How a new function is rewritten before its first run. A second round, layouts of convolutions and loops find nothing in
 * these graphs and took a third of the time.
 */
const rewriteOptions = {
  layoutOptimizer: off,
  loopOptimization: off,
  memoryOptimization: 1,
  metaOptimizerIterations: 1,
}

/** A TensorFlow graph that grows, its variables, and a thread that runs parts of it one after another. */
export class Session {
  readonly #native: NativeSession

  constructor({ intraOpThreads, target = '' }: SessionOptions = {}) {
    const config = encodeMessage('ConfigProto', {
      intraOpParallelismThreads: intraOpThreads ?? availableParallelism(),
      interOpParallelismThreads: 1,
      usePerSessionThreads: true,
      graphOptions: { rewriteOptions },
    })
    this.#native = translated(() => new (loadAddon().Session)(config, target))
  }

  /** Adds nodes; variables and earlier nodes stay as they are. Throws `engine_failed` for nodes TensorFlow refuses. */
  extend(nodes: NodeMessage[]): void {
    translated(() => this.#native.extend(encodeGraph(nodes)))
  }

  /** Runs off the JavaScript thread, after all earlier runs of this session. */
  async run(request: RunRequest): Promise<NativeResult['outputs']> {
    return (await this.#run(request)).outputs
  }

  /**
   * A run that pauses: it hands back the first part's fetches, keeps what it has computed for them, and goes on when it
   * is fed the rest. Other runs may come between. What is never finished is kept until the session closes.
   * @param rest - inputs that `finish` feeds, and what it hands back
   */
  async begin(
    { feeds, fetches, targets }: RunRequest,
    rest: { inputs: string[]; fetches: string[] },
  ): Promise<PausedRun> {
    const inputs = [...feeds.map(({ name }) => name), ...rest.inputs]
    return translatedLater(async () => {
      const handle = await this.#native.begin(inputs, [...fetches, ...rest.fetches], targets)
      const { outputs } = await this.#native.runPart(handle, feeds, fetches)
      const finish = async (later: NativeFeed[]) => (await this.#native.runPart(handle, later, rest.fetches)).outputs
      return { outputs, finish: (later) => translatedLater(() => finish(later)) }
    })
  }

  /** Like `run`, and says how long each node took. Slower: for looking, not for timing whole steps. */
  async profile(request: RunRequest): Promise<{ outputs: NativeResult['outputs']; nodes: NodeExecStats[] }> {
    const { outputs, metadata } = await this.#run(request, { traceLevel: fullTrace })
    return { outputs, nodes: metadata ? decodeStepStats(metadata) : [] }
  }

  /** Frees graph and variables; a run in flight and those that wait reject with `cancelled`. */
  close(): void {
    this.#native.close()
  }

  async #run(request: RunRequest, options: { traceLevel?: number } = {}): Promise<NativeResult> {
    const { feeds, fetches, targets } = request
    const encoded = encodeMessage('RunOptions', { ...options, interOpThreadPool: ownThread })
    return translatedLater(() => this.#native.run(feeds, fetches, targets, encoded))
  }
}

function translated<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw toEngineError(error)
  }
}

async function translatedLater<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toEngineError(error)
  }
}

/** TensorFlow's status codes that mean something to a caller; the rest is `engine_failed`. */
const codes: Record<number, ErrorCode> = { 1: 'cancelled', 8: 'out_of_memory', 9: 'cancelled' }

function toEngineError(error: unknown): TemperError {
  if (error instanceof TemperError) return error
  const { tensorflowCode, message } = error as Error & { tensorflowCode?: number }
  const code = codes[tensorflowCode ?? -1] ?? 'engine_failed'
  return new TemperError(code, `TensorFlow: ${message}`, { cause: error, details: { tensorflowCode } })
}
