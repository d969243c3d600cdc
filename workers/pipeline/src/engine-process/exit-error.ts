import { readFileSync } from 'node:fs'
import { TemperError } from '@temper/db/contracts'

/** How a process ended. */
export interface ExitFacts {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** The end of its error output. */
  stderr: string
  /** The system killed a process for memory while this one ran. */
  ranOutOfMemory: boolean
}

const memoryWords = /bad_alloc|ResourceExhausted|OOM when allocating|heap out of memory|Cannot allocate memory/

/** What the end of an engine process means, in words a person can act on. */
export function exitError(facts: ExitFacts): TemperError {
  const { exitCode, signal, stderr } = facts
  const details = { exitCode, signal, stderr }
  const killedForMemory = signal === 'SIGKILL' && facts.ranOutOfMemory
  if (killedForMemory || (exitCode !== 0 && memoryWords.test(stderr))) {
    const advice = 'use smaller batches, shorter rows or a smaller model'
    return new TemperError('out_of_memory', `the engine ran out of memory: ${advice}`, { details })
  }
  const how = signal ? `was ended by ${signal}` : `left with exit code ${exitCode}`
  const said = lastWords(stderr)
  return new TemperError('engine_failed', `the engine process ${how}${said ? `: ${said}` : ''}`, { details })
}

/** The line that names an error, else the last one: stacks and version numbers follow what went wrong. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.trim().split('\n')
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
}

/** Processes the kernel has killed for memory since it started; 0 where the system does not count them. */
export function outOfMemoryKills(): number {
  if (process.platform !== 'linux') return 0
  const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))
  return Number(count?.[1] ?? 0)
}
