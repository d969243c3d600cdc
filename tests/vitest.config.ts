import { defineConfig } from 'vitest/config'

/** Tests that start real servers and engine processes: one file at a time, so that they have the machine to themselves. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['{replay,chaos,e2e,serving}/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 180_000,
  },
})
