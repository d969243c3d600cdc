import type { EngineDependencies } from './dependencies.ts'
import { createEvaluationActivities } from './evaluation.ts'
import { createImportStateActivities, createModelImportActivities, type ImportDependencies } from './imports.ts'
import { createPreferenceActivities } from './preferences.ts'
import { createReleaseActivities } from './release.ts'
import { createRunStateActivities } from './run-state.ts'
import { createSamplingActivities } from './sampling.ts'
import { createServingActivities } from './serving.ts'
import { createSimulatedVoteActivities } from './simulated-votes.ts'
import { asActivities } from './supervise.ts'
import { createTrainingActivities } from './training.ts'

export type { Dependencies, EngineDependencies } from './dependencies.ts'
export type { ImportDependencies } from './imports.ts'
export type { PlannedStage, RunPlan } from './run-state.ts'

/** Rows, files and statistics; on the queue `cpu`. */
export function createCpuActivities(deps: ImportDependencies) {
  return asActivities({
    ...createRunStateActivities(deps),
    ...createPreferenceActivities(deps),
    ...createSimulatedVoteActivities(deps),
    ...createEvaluationActivities(deps),
    ...createReleaseActivities(deps),
    ...createImportStateActivities(deps),
  })
}

/**
 * Models on their way in; on the queue `import`. Sixteen attempts take ten minutes at least: a network that is away for
 * so long costs nothing, however often, where bytes come in between, and people hear of an address that never answers.
 */
export function createImportActivities(deps: ImportDependencies) {
  return asActivities(createModelImportActivities(deps), { unavailable: 16 })
}

/** Engine jobs of a run; on the queue `train`. */
export function createTrainActivities(deps: EngineDependencies) {
  return asActivities({ ...createTrainingActivities(deps), ...createSamplingActivities(deps) })
}

/** Answers to people; on the queue `generate`. */
export function createGenerateActivities(deps: EngineDependencies) {
  return asActivities(createServingActivities(deps))
}

export type CpuActivities = ReturnType<typeof createCpuActivities>
export type ImportActivities = ReturnType<typeof createImportActivities>
export type TrainActivities = ReturnType<typeof createTrainActivities>
export type GenerateActivities = ReturnType<typeof createGenerateActivities>
