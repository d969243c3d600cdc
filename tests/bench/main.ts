/** `npm run bench -- WORK …`: how fast the shipped trainers and the generator are, alone or beside a peer. */
import { writeFile } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'
import product from '../../package.json' with { type: 'json' }
import { compare } from './compare.ts'
import { decoding } from './decoding/decoding.ts'
import type { PointFigures } from './decoding/measure-point.ts'
import { plot } from './decoding/plot.ts'
import { tableHead, tableRow } from './decoding/table.ts'
import { type Dialogue, readDialogues } from './dialogues.ts'
import { type Figures, measure } from './measure.ts'
import { type MemoryFigures, measureMemory, memoryRow } from './memory/memory.ts'
import { plotMemory } from './memory/plot-memory.ts'
import { type BenchOptions, parseOptions, usage } from './options.ts'
import { type PeerLine, runPeer } from './peer.ts'
import { profileStep } from './profile/profile-step.ts'
import { profileTable } from './profile/profile-table.ts'
import { sizes } from './sizes.ts'
import { type WorkName, works } from './works/index.ts'

const engine = `${product.name} ${product.version}`

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args)
  if (options === 'help') {
    process.stdout.write(usage)
    return 0
  }
  if (options.work === 'decoding') await measureDecoding(options)
  else if (options.work === 'memory') await measureMemoryOfSteps(options)
  else await measureWork({ ...options, work: options.work })
  return 0
}

type WorkOptions = Exclude<BenchOptions, { work: 'decoding' }> & { work: WorkName }

async function measureWork(options: WorkOptions): Promise<void> {
  const { work, model, precision, rounds, peer, lengths } = options
  const { figure } = works[work]
  const dialogues = lengths === undefined ? [] : await readDialogues(lengths)
  if (options.profile) return profileOurs(options, dialogues)
  if (peer === undefined) return void (await measureOurs(options, dialogues))
  const sides = {
    ours: () => measureOurs(options, dialogues),
    peer: async () => print(await runPeer(peer, { work, model, precision, figure })),
  }
  print({ work, model, precision, ...(await compare<Figures, PeerLine>(sides, { rounds, figure })) })
}

async function measureOurs(options: WorkOptions, dialogues: readonly Dialogue[]): Promise<Figures> {
  const { work, model, precision } = options
  return print({ engine, work, model, precision, ...(await measure(works[work], measured(options, dialogues))) })
}

async function profileOurs(options: WorkOptions, dialogues: readonly Dialogue[]): Promise<void> {
  const { work, model, precision, json } = options
  const profile = await profileStep(works[work], measured(options, dialogues))
  if (json) print({ engine, work, model, precision, ...profile })
  else process.stdout.write(`${profileTable(profile)}\n`)
}

function measured({ work, model, precision, steps, json }: WorkOptions, dialogues: readonly Dialogue[]) {
  const progress = (stepMs: number, step: number, all: number) => {
    process.stderr.write(`${work}, ${model}, ${precision}: step ${step} of ${all}, ${stepMs.toFixed(0)} ms\n`)
  }
  return { size: sizes[model], precision, steps, dialogues, onStep: json ? undefined : progress }
}

async function measureMemoryOfSteps({ work, svg, json }: BenchOptions): Promise<void> {
  const onPoint = (point: MemoryFigures) => json || process.stderr.write(`${memoryRow(point)}\n`)
  const points = await measureMemory({ onPoint })
  if (svg !== undefined) await writeFile(svg, plotMemory(points))
  print({ engine, work, points })
}

async function measureDecoding({
  work,
  model,
  precision,
  steps,
  svg,
  json,
}: Extract<BenchOptions, { work: 'decoding' }>): Promise<void> {
  const say = (line: string) => json || process.stderr.write(`${line}\n`)
  say(tableHead)
  const onPoint = (point: PointFigures) => say(tableRow(point))
  const figures = await decoding({ size: sizes[model], precision, runs: steps, onPoint })
  if (svg !== undefined) await writeFile(svg, plot(figures.points))
  print({ engine, work, model, precision, ...figures })
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
