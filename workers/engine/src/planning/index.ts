/** What a training run of some size costs and may reach, before it runs. */
export * from './chinchilla.ts'
