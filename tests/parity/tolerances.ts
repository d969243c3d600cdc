/** Against PyTorch's numbers: in fp32, where nothing else is said. */
export const tolerances = {
  /** Absolute. */
  logits: 2e-4,
  loss: 1e-4,
  /** Relative. */
  gradientNorm: 1e-3,
  /** Over the steps of an AdamW trajectory, absolute. */
  trajectoryLoss: 5e-4,
  /** Losses, rewards and advantages computed in fp32, absolute. */
  rl: 1e-4,
  /** Statistics and group advantages, which are computed in fp64: absolute, FLOPs relative. */
  float64: 1e-6,
  /** Logs of whole training runs, relative, or absolute near zero. */
  log: 2e-3,
  logNearZero: 1e-4,
  /** Values of quantised weights, relative. */
  dequantized: 1e-6,
} as const
