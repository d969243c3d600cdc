import type { StageType } from '@temper/db/contracts'
import { evaluateStageWorkflow } from './evaluate-stage-workflow.ts'
import { preferencesStageWorkflow } from './preferences-stage-workflow.ts'
import { releaseStageWorkflow } from './release-stage-workflow.ts'
import type { StageInput } from './stage-input.ts'
import { trainingStageWorkflow } from './training-stage-workflow.ts'

export const workflowOfStage: Record<StageType, (input: StageInput) => Promise<void>> = {
  pretrain: trainingStageWorkflow,
  sft: trainingStageWorkflow,
  preferences: preferencesStageWorkflow,
  reward: trainingStageWorkflow,
  ppo: trainingStageWorkflow,
  grpo: trainingStageWorkflow,
  rloo: trainingStageWorkflow,
  dpo: trainingStageWorkflow,
  evaluate: evaluateStageWorkflow,
  release: releaseStageWorkflow,
}
