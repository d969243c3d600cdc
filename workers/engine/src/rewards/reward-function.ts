import { type ExecFileException, execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

/** A completion as a reward function reads it: text without special tokens, after its prompt as it was written. */
export interface RewardSample {
  prompt: string
  completion: string
  /** Whether it ended with a stop token, not at the length limit. */
  endedProperly: boolean
}

export interface RewardFunction {
  name: string
  /** JavaScript that sets `rewardModule.default` to `(samples: RewardSample[]) => number[]`. */
  code: string
  /** For one batch of samples. */
  timeoutSeconds: number
  /** Of the function's own heap. */
  memoryMb: number
}

/** Start of the process, and what keeps it from ending by itself once its time is over. */
const graceMs = 15_000

/**
 * One finite score a sample. The function runs in a Node process of its own, new for every batch, so that it keeps
 * nothing between them: without environment variables, files, child processes, workers, network, clock or chance, with
 * limits of time and memory.
 * Throws `invalid_recipe` that names the function, and the sample where one is at fault.
 */
export async function runRewardFunction(fn: RewardFunction, samples: readonly RewardSample[]): Promise<number[]> {
  const answer = await askSandbox(fn, samples)
  if ('timedOut' in answer) throw failure(fn, `took longer than ${fn.timeoutSeconds} s for ${samples.length} samples`)
  if ('thrown' in answer) throw failure(fn, `failed with “${answer.thrown}”`, samples, answer.sample)
  const { scores } = answer
  if (typeof scores === 'string') throw failure(fn, `gave a value of type ${scores}; expected a list of numbers`)
  if (scores.length !== samples.length)
    throw failure(fn, `gave ${scores.length} scores for ${samples.length} samples; expected one a sample`)
  return scores.map((score, i) => {
    const value = /^-?\d/.test(score) ? Number(score) : Number.NaN
    if (Number.isFinite(value)) return value
    throw failure(fn, `gave ${score}; expected a finite number`, samples, i)
  })
}

const answerSchema = z.union([
  z.strictObject({ scores: z.array(z.string()).or(z.string()) }),
  z.strictObject({ thrown: z.string(), sample: z.number().int() }),
  z.strictObject({ timedOut: z.literal(true) }),
])

async function askSandbox(fn: RewardFunction, samples: readonly RewardSample[]) {
  const timeoutMs = Math.ceil(fn.timeoutSeconds * 1000)
  const input = JSON.stringify({ code: fn.code, samples, timeoutMs })
  const { error, stdout, stderr } = await runSandbox(sandbox(), input, { ...fn, timeoutMs: timeoutMs + graceMs })
  if (error) throw failure(fn, whyItDied(fn, error, stderr))
  try {
    return answerSchema.parse(JSON.parse(stdout))
  } catch (thrown) {
    throw failure(fn, `answered with something else: ${stdout.slice(0, 80)}`, [], -1, thrown)
  }
}

function sandbox(): string {
  return readFileSync(new URL('sandbox.mjs', import.meta.url), 'utf8')
}

interface Ended {
  error: ExecFileException | null
  stdout: string
  stderr: string
}

/** Node runs `script` with `input`, apart from this process and without its environment, to its end or its limits. */
export function runSandbox(
  script: string,
  input: string,
  { memoryMb, timeoutMs }: { memoryMb: number; timeoutMs: number },
): Promise<Ended> {
  const flags = [
    permissionFlag(),
    '--no-warnings',
    '--no-addons',
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${memoryMb}`,
    '--input-type=module',
  ]
  const options = { env: {}, cwd: tmpdir(), timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 } as const
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...flags, '--eval', script], options, (error, stdout, stderr) =>
      resolve({ error, stdout, stderr }),
    )
    // A process that ends without reading says why by its exit.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

/** Node's permission model without any grant; older versions call it experimental. */
function permissionFlag(): string {
  const flag = '--permission'
  return process.allowedNodeEnvironmentFlags.has(flag) ? flag : '--experimental-permission'
}

function whyItDied({ memoryMb }: RewardFunction, { killed, signal, code }: ExecFileException, stderr: string): string {
  if (/heap out of memory|Allocation failed/.test(stderr)) return `needed more than ${memoryMb} MB of memory`
  if (killed) return 'did not end when its time was over, or printed without end, and was killed'
  const said = stderr.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? stderr.trim()
  return `ended its process (${signal ?? `exit code ${code}`}): ${said}`
}

function failure(
  { name }: RewardFunction,
  what: string,
  samples: readonly RewardSample[] = [],
  index = -1,
  cause?: unknown,
): TemperError {
  const sample = samples[index]
  const which = sample ? ` for sample ${index + 1} of ${samples.length} (${shown(sample)})` : ''
  const details = { function: name, ...(sample ? { sample: index + 1, ...sample } : {}) }
  return new TemperError('invalid_recipe', `the reward function '${name}' ${what}${which}`, { cause, details })
}

function shown({ prompt, completion }: RewardSample): string {
  const short = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)
  return `${short(prompt)} answered by ${short(completion)}`
}
