import path from 'node:path'
import { type EngineEvent, type Failure, type GenerationEvent, TemperError } from '@temper/db/contracts'
import { appendGenerationEvent, getCheckpoint, getGeneration, restartGeneration } from '@temper/db/queries'
import { materializeFolder } from '@temper/db/storage'
import { Context } from '@temporalio/activity'
import type { JobEnd } from '../engine-process/index.ts'
import type { Dependencies, EngineDependencies } from './dependencies.ts'
import { exists } from './local-checkpoint.ts'
import { runToTheEnd } from './run-on-device.ts'
import { storableText } from './storable-text.ts'

export function createGenerationActivities(deps: EngineDependencies) {
  const { db } = deps
  return {
    /** Answers one prompt; its text goes to the reader token by token. A retry starts the text over. */
    async generateText({ generationId }: { generationId: string }): Promise<void> {
      const { checkpointId, messages, sampling, seed } = await getGeneration(db, generationId)
      if (Context.current().info.attempt > 1 && !(await restartGeneration(db, generationId))) return
      const checkpoint = await getCheckpoint(db, checkpointId)
      if (checkpoint.kind !== 'policy') throw new TemperError('invalid_input', 'a reward model writes no text')
      const model = path.join(deps.scratchDir, 'checkpoints', checkpoint.id)
      if (!(await exists(path.join(model, 'config.json')))) await materializeFolder(deps.store, checkpoint.files, model)
      const stream = streamTo(deps, generationId)
      const job = { type: 'generate', seed, model, messages, sampling } as const
      const end = await runToTheEnd(deps.device, job, { onEvent: stream.take, urgent: true })
      await stream.settle()
      await appendGenerationEvent(db, generationId, doneEvent(end))
    },
  }
}

export function createGenerationStateActivities({ db }: Dependencies) {
  return {
    async failGeneration({ generationId, failure }: { generationId: string; failure: Failure }): Promise<void> {
      const { code, message } = failure
      await appendGenerationEvent(db, generationId, { type: 'failed', code, message })
    },
  }
}

/** Tokens that come while others are being written go out together, so that a fast engine is never held up. */
function streamTo({ db }: EngineDependencies, generationId: string) {
  let [text, tokens] = ['', 0]
  let writing: Promise<void> | undefined
  const write = async () => {
    while (text !== '') {
      const event: GenerationEvent = { type: 'token', text, tokens }
      text = ''
      await appendGenerationEvent(db, generationId, event)
    }
    writing = undefined
  }
  return {
    take(event: EngineEvent) {
      if (event.type !== 'token') return
      text += storableText(event.text)
      tokens = event.tokens
      writing ??= write()
      // Reported by `settle`.
      writing.catch(() => undefined)
    },
    settle: async () => writing,
  }
}

function doneEvent({ result }: JobEnd): GenerationEvent {
  const { tokens, tokensPerSecond, endedProperly } = result
  return {
    type: 'done',
    tokens: Number(tokens),
    tokensPerSecond: Number(tokensPerSecond),
    endedProperly: endedProperly === 1,
  }
}
