/** Reward functions: code that came with a recipe, run in a process of its own. */
export * from './reward-function.ts'
