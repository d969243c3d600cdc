import path from 'node:path'
import type { NextConfig } from 'next'

const repositoryRoot = path.join(import.meta.dirname, '../..')

/** The server is one folder with everything it needs; types are checked by `npm run typecheck`. */
const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: repositoryRoot,
  turbopack: { root: repositoryRoot },
  transpilePackages: ['@temper/db'],
  typescript: { ignoreBuildErrors: true },
  // A compressing server holds server-sent events back until its buffer is full.
  compress: false,
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
}

export default config
