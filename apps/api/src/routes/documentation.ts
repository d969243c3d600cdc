import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { TemperError } from '@temper/db/contracts'
import type { Env } from '../dependencies.ts'
import { newRouter } from '../http/router.ts'

/** Pieces of the documentation page, from the package that is installed: nothing is fetched from elsewhere. */
const assets: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
}

const page = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Temper API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="page"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
`

const start = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true })\n"

/** The OpenAPI document, from the schemas that validate, and a page to read it. Both are open: they hold no data. */
export function documentationRoutes(api: OpenAPIHono<Env>) {
  const app = newRouter()
  api.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  const session = { type: 'apiKey', in: 'cookie', name: 'temper_session' } as const
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', session)
  app.get('/openapi.json', (c) => c.json(describe(api)))
  app.get('/docs', (c) => c.html(page))
  app.get('/docs/start.js', (c) => c.body(start, 200, { 'Content-Type': 'text/javascript' }))
  app.get('/docs/:file', async (c) => {
    const { file } = c.req.param()
    const type = assets[file]
    if (type === undefined) throw new TemperError('not_found', `there is no GET ${c.req.path}`)
    return c.body(new Uint8Array(await readFile(join(assetFolder(), file))), 200, { 'Content-Type': type })
  })
  return app
}

function describe(api: OpenAPIHono<Env>) {
  return api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Temper', version: '1', description: 'Post-training of language models, from data to release.' },
  })
}

function assetFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
}
