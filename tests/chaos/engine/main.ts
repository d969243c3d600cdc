/** `npm run chaos`: kills training again and again, and compares what it comes to. Exit 1 where anything differs. */
import { TemperError } from '@temper/db/contracts'
import { openKillGround } from './kill-ground.ts'
import { type KilledRun, killMethod } from './kill-method.ts'
import { parseOptions, usage } from './options.ts'
import { sentence, summarize } from './summary.ts'

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args)
  if (options === 'help') {
    process.stdout.write(usage)
    return 0
  }
  const runs: KilledRun[] = []
  const ground = await openKillGround()
  try {
    for (const method of options.methods) {
      for await (const run of killMethod(ground, method, options)) {
        runs.push(run)
        process.stdout.write(`${sentence(run)}\n`)
      }
    }
  } finally {
    await ground.close()
  }
  const summary = summarize(runs)
  process.stdout.write(`\n${summary.equal} of ${summary.runs} runs equal after ${summary.kills} kills\n`)
  if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, seed: options.seed })}\n`)
  return summary.equal < summary.runs ? 1 : 0
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.stderr.write(`${error instanceof TemperError ? error.message : error?.stack}\n`)
    process.exitCode = error instanceof TemperError && error.code === 'invalid_input' ? 2 : 1
  },
)
