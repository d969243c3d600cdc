import { defineConfig } from 'drizzle-kit'

/** `npm run generate -w db -- --name what-changed` writes the next migration from the schema. */
export default defineConfig({ dialect: 'postgresql', schema: './schema/index.ts', out: './migrations' })
