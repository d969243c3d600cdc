import type { Precision } from './work.ts'

/** More steps than a benchmark runs: none of them is a trainer's last, which would also evaluate. */
export const totalSteps = 1_000_000

/** AdamW as the peer has it: torch's defaults, rate 1e-5, clipping to norm 1. */
export function optimizationOf(precision: Precision) {
  return {
    learningRate: 1e-5,
    schedule: 'constant' as const,
    minLearningRateRatio: 0,
    warmupRatio: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    maxGradNorm: 1,
    precision,
    gradientCheckpointing: false,
    gradientAccumulation: 1,
    checkpointEverySteps: totalSteps,
  }
}

/** Trainers ask for it and never use it here: a benchmark saves nothing. */
export const noCheckpoint = { kind: 'policy', stageType: 'sft', tokenizerDir: '', generationConfig: {} } as const
