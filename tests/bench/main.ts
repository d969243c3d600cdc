/** `npm run bench -- WORK …`: how fast the shipped trainers and the generator are, alone or beside a peer. */
import { TemperError } from '@temper/db/contracts'
import product from '../../package.json' with { type: 'json' }
import { compare } from './compare.ts'
import { type Figures, measure } from './measure.ts'
import { type BenchOptions, parseOptions, usage } from './options.ts'
import { type PeerLine, runPeer } from './peer.ts'
import { sizes } from './sizes.ts'
import { works } from './works/index.ts'

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args)
  if (options === 'help') {
    process.stdout.write(usage)
    return 0
  }
  const { work, model, precision, peer } = options
  if (peer === undefined) {
    await measureOurs(options)
    return 0
  }
  const { figure } = works[work]
  const sides = {
    ours: () => measureOurs(options),
    peer: async () => print(await runPeer(peer, { work, model, precision, figure })),
  }
  print({ work, model, precision, ...(await compare<Figures, PeerLine>(sides, { rounds: options.rounds, figure })) })
  return 0
}

async function measureOurs({ work, model, precision, steps, json }: BenchOptions): Promise<Figures> {
  let step = 0
  const progress = (stepMs: number) => {
    step++
    process.stderr.write(`${work}, ${model}, ${precision}: step ${step} of ${steps + 2}, ${stepMs.toFixed(0)} ms\n`)
  }
  const onStep = json ? undefined : progress
  const figures = await measure(works[work], { size: sizes[model], precision, steps, onStep })
  return print({ engine: `${product.name} ${product.version}`, work, model, precision, ...figures })
}

function print<T>(line: T): T {
  process.stdout.write(`${JSON.stringify(line)}\n`)
  return line
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
