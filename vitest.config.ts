import { defineConfig } from 'vitest/config'

/** Unit tests, beside the files they test. Those of tests/ have a configuration of their own. */
export default defineConfig({
  test: {
    include: ['{apps,workers,db,infra}/**/*.test.ts', 'tests/{parity,structure,bench,equivalence}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.next/**'],
    pool: 'forks',
    // One a core: most of a file's time is tracing, which has one thread.
    maxWorkers: '100%',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
