/** How large a pretraining run is. */
export interface TrainingSize {
  /** Trained parameters of the model: N. */
  parameters: number
  /** Tokens it reads: D. */
  tokens: number
}

/** Constants of Hoffmann's law, by the paper's names; E is the loss that no model gets below. */
export interface ChinchillaLaw {
  E: number
  A: number
  B: number
  alpha: number
  beta: number
}

/** Predicted loss in nats a token: E + A / N^alpha + B / D^beta (Hoffmann et al., 2022). */
export function chinchillaLoss(law: ChinchillaLaw, { parameters, tokens }: TrainingSize): number {
  return law.E + law.A / parameters ** law.alpha + law.B / tokens ** law.beta
}

/** Floating-point operations of forward and backward passes: 6 a parameter and token (Kaplan et al., 2020). */
export function trainingFlops({ parameters, tokens }: TrainingSize): number {
  return 6 * parameters * tokens
}
