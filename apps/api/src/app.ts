import type { OpenAPIHono } from '@hono/zod-openapi'
import { TemperError } from '@temper/db/contracts'
import { bodyLimit } from 'hono/body-limit'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import type { Dependencies, Env } from './dependencies.ts'
import { answerError } from './errors.ts'
import { logRequests } from './http/log-requests.ts'
import { newRouter } from './http/router.ts'
import { answerBoth, isCompletion } from './openai/errors.ts'
import { openaiRoutes } from './openai/routes.ts'
import { checkpointRoutes } from './routes/checkpoints.ts'
import { comparisonRoutes } from './routes/comparisons.ts'
import { datasetRoutes, isUpload } from './routes/datasets.ts'
import { documentationRoutes } from './routes/documentation.ts'
import { evaluationAnswerRoutes } from './routes/evaluation-answers.ts'
import { healthRoutes } from './routes/health.ts'
import { importRoutes, isModelFile } from './routes/imports.ts'
import { keyRoutes } from './routes/keys.ts'
import { memberRoutes } from './routes/members.ts'
import { recipeRoutes } from './routes/recipes.ts'
import { runRecordRoutes } from './routes/run-records.ts'
import { runRoutes } from './routes/runs.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { workerRoutes } from './routes/workers.ts'

/** Longest JSON body, bytes. */
const maxBodyBytes = 1024 * 1024

/** The whole HTTP surface. Nothing is open but health, documentation and signing in: each route names its scope. */
export function createApp(deps: Dependencies): OpenAPIHono<Env> {
  const app = newRouter()
  app.onError((error, c) => (isCompletion(c.req.path) ? answerBoth : answerError)(c, error, deps.log))
  app.notFound((c) => {
    return answerBoth(c, new TemperError('not_found', `there is no ${c.req.method} ${c.req.path}`), deps.log)
  })
  app.use(requestId({ limitLength: 100 }), logRequests(deps.log), secureHeaders())
  const limit = bodyLimit({ maxSize: maxBodyBytes, onError: refuseBody })
  app.use((c, next) => (isUpload(c.req) || isModelFile(c.req) ? next() : limit(c, next)))

  app.route('/', healthRoutes(deps))
  app.route('/', documentationRoutes(app))
  for (const routes of [
    sessionRoutes,
    memberRoutes,
    keyRoutes,
    datasetRoutes,
    recipeRoutes,
    runRoutes,
    runRecordRoutes,
    evaluationAnswerRoutes,
    comparisonRoutes,
    checkpointRoutes,
    importRoutes,
    openaiRoutes,
    workerRoutes,
  ]) {
    app.route('/v1', routes(deps))
  }
  return app
}

function refuseBody(): never {
  const details = { maxBytes: maxBodyBytes }
  throw new TemperError('too_large', `the body is longer than ${maxBodyBytes} bytes`, { details })
}
