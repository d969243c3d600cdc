import { spawn } from 'node:child_process'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

const positive = z.number().positive()

/** The one JSON line of a peer; its figure stands under the name of ours. */
const lineSchema = z.looseObject({ work: z.string(), model: z.string(), precision: z.string(), step_ms: positive })
export type PeerLine = z.infer<typeof lineSchema>

/** What the peer is asked for, and must say that it did. */
export interface PeerTask {
  work: string
  model: string
  precision: string
  figure: string
}

/**
 * Runs `COMMAND WORK --model … --precision …` in a shell and reads the last line of its output.
 * @throws TemperError invalid_input where it fails, or prints something else than the figure of this very task
 */
export async function runPeer(command: string, { figure, ...task }: PeerTask): Promise<PeerLine> {
  const full = `${command} ${task.work} --model ${task.model} --precision ${task.precision}`
  const { code, output } = await runInShell(full)
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  const refuse = (what: string) => new TemperError('invalid_input', `the peer ${what}: ${full}`, { details: { line } })
  if (code !== 0) throw refuse(`ended with exit code ${code}`)
  const parsed = lineSchema.safeParse(jsonOf(line))
  if (!parsed.success || !positive.safeParse(parsed.data[figure]).success) {
    throw refuse(`must print a last JSON line with step_ms and ${figure}, got "${line.slice(0, 200)}"`)
  }
  for (const key of ['work', 'model', 'precision'] as const) {
    const [asked, answered] = [task[key], parsed.data[key]]
    if (asked !== answered) throw refuse(`was asked for ${key} ${asked} and answered ${answered}`)
  }
  return parsed.data
}

/** What a command wrote to its standard output; its errors go to ours. */
function runInShell(command: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }))
  })
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
