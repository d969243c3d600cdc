import { describe, expect, it } from 'vitest'
import { isTestCode, sourceFiles } from './packages.ts'
import { Repository, shown } from './repository.ts'

const src = 'workers/engine/src'

/**
 * Parts of the engine and what each may import, from the bottom up. Tensor code (`losses`, `optim`) knows no models,
 * models know no data, and reading data never loads TensorFlow.
 */
const mayImport: Record<string, readonly string[]> = {
  random: [],
  planning: [],
  statistics: [],
  rewards: [],
  runtime: [],
  tracing: ['runtime'],
  nn: ['runtime', 'tracing'],
  losses: ['runtime', 'tracing'],
  optim: ['runtime', 'tracing'],
  models: ['random', 'runtime', 'tracing', 'nn'],
  tokenizer: [],
  data: ['random', 'tokenizer'],
  checkpoint: ['tracing', 'models'],
  import: ['nn', 'models', 'tokenizer', 'checkpoint'],
  forward: ['runtime', 'tracing', 'nn', 'losses', 'models', 'data'],
  generation: ['random', 'runtime', 'tracing', 'nn', 'models'],
  serving: ['tracing', 'models', 'tokenizer', 'checkpoint', 'generation'],
  rollout: ['random', 'tracing', 'models', 'tokenizer', 'forward', 'generation', 'rewards'],
  trainers: [
    ...['random', 'planning', 'statistics', 'runtime', 'tracing', 'nn', 'losses', 'optim', 'models'],
    ...['tokenizer', 'data', 'checkpoint', 'forward', 'generation', 'rewards', 'rollout'],
  ],
  job: [
    ...['runtime', 'tracing', 'models', 'tokenizer', 'data'],
    ...['checkpoint', 'import', 'forward', 'generation', 'serving', 'trainers'],
  ],
}

const repository = new Repository()
const files = sourceFiles(src).filter((file) => !isTestCode(file))

/** `nn` for workers/engine/src/nn/linear.ts. */
function partOf(file: string): string {
  return (file.slice(src.length + 1).split('/')[0] ?? '').replace(/\.ts$/, '')
}

describe('the engine', () => {
  it('has a rule for each of its parts', () => {
    expect(new Set(files.map(partOf))).toEqual(new Set(Object.keys(mayImport)))
  })

  it('has no part that depends on itself through others', () => {
    const below: string[] = []
    for (const [part, allowed] of Object.entries(mayImport)) {
      expect(below, `what ${part} may import stands above it`).toEqual(expect.arrayContaining([...allowed]))
      below.push(part)
    }
  })

  it('imports from parts below only', () => {
    const upwards = files.flatMap((file) =>
      repository.edgesOf(file).filter(({ target }) => {
        if (!target?.startsWith(`${src}/`)) return false
        const [from, to] = [partOf(file), partOf(target)]
        return from !== to && !mayImport[from]?.includes(to)
      }),
    )
    expect(upwards.map(shown)).toEqual([])
  })

  it('knows nothing of the platform but the contracts', () => {
    const others = files.flatMap((file) =>
      repository.edgesOf(file).filter(({ specifier }) => {
        const platform = specifier.startsWith('@temper/') && specifier !== '@temper/db/contracts'
        return platform || specifier.startsWith('@temporalio/') || ['postgres', 'hono'].includes(specifier)
      }),
    )
    expect(others.map(shown)).toEqual([])
  })
})
