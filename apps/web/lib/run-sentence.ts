import type { RunSummary, StageRun } from '@temper/db/contracts'
import { stateWords } from './stage-words.ts'

/**
 * The state of a run as a sentence beside its state word: what its stages do now, where the run itself says no more
 * than the word. Empty where there is nothing to add.
 */
export function runSentence(run: Pick<RunSummary, 'state' | 'status' | 'stages'>): string {
  if (run.status.replace(/\.$/, '') !== stateWords[run.state]) return run.status
  const active = run.stages.filter((stage) => stage.state === 'running' || stage.state === 'paused')
  if (active.length > 0) return active.map((stage) => `${stage.name} (${lowerFirst(stage.status)})`).join(', ')
  const failed = run.stages.filter((stage) => stage.state === 'failed')
  if (failed.length > 0) return `${failed.map((stage) => stage.name).join(' and ')} failed`
  const done = run.stages.filter((stage) => stage.state === 'done').length
  return done > 0 ? `${done} of ${run.stages.length} stages done` : ''
}

/** What a stage does, or which stages it waits for, as it reads after its state word; empty where that says it all. */
export function stageSentence(stage: StageRun, stages: readonly StageRun[]): string {
  if (stage.state === 'waiting') {
    const missing = stages.filter(({ name, state }) => stage.inputs.includes(name) && state !== 'done')
    if (missing.length > 0) return `for ${missing.map(({ name }) => name).join(', ')}`
  }
  const word = stateWords[stage.state]
  return stage.status.startsWith(word) ? stage.status.slice(word.length).replace(/^[,.]? */, '') : stage.status
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
