import { createRoute, z } from '@hono/zod-openapi'
import {
  type Evaluation,
  idSchema,
  type JudgedAnswers,
  judgedAnswersSchema,
  pageSchema,
  TemperError,
  type Verdict,
  verdicts,
} from '@temper/db/contracts'
import { getAnswersOf } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { answersPage } from '../evaluations/answers-page.ts'
import { access, json, newRouter, refusals } from '../http/router.ts'

const query = z
  .object({
    limit: z.coerce.number().int().min(1).max(100).default(20).describe('Prompts at most'),
    cursor: z.coerce.number().int().min(0).optional().describe('`nextCursor` of the page before'),
    candidate: z.string().optional().describe('With `verdict`: whose answers were judged so'),
    verdict: z.enum(verdicts).optional().describe('Only prompts where the candidate won, lost or tied'),
  })
  .refine(({ candidate, verdict }) => (candidate === undefined) === (verdict === undefined), {
    message: 'candidate and verdict come together',
  })

/** What the policies of an evaluation wrote, and how each answer was judged. */
export function evaluationAnswerRoutes({ db, store }: Dependencies) {
  const app = newRouter()

  const answers = createRoute({
    method: 'get',
    path: '/runs/{id}/evaluations/{evaluation}/answers',
    tags: ['runs'],
    summary: 'Every policy’s answers to the prompts of an evaluation, with scores and verdicts',
    description: 'A page may hold fewer prompts than asked for, or none, and still name a next one.',
    ...access(db, 'read'),
    request: { params: z.object({ id: idSchema('run'), evaluation: idSchema('evaluation') }), query },
    responses: {
      200: json(pageSchema(judgedAnswersSchema.meta({ id: 'JudgedAnswers' })), 'In the order of the prompts'),
      ...refusals,
    },
  })
  app.openapi(answers, async (c) => {
    const { id, evaluation } = c.req.valid('param')
    const { limit, cursor, ...filter } = c.req.valid('query')
    const { sha256, candidates } = await getAnswersOf(db, id, evaluation)
    const isWanted = filterOf(candidates, filter)
    return c.json(await answersPage(store, sha256, { limit, start: cursor ?? 0, isWanted }), 200)
  })
  return app
}

interface Filter {
  candidate?: string | undefined
  verdict?: Verdict | undefined
}

/** Throws `invalid_input` for a candidate that the evaluation does not have. */
function filterOf(candidates: Evaluation['candidates'], { candidate, verdict }: Filter) {
  if (candidate === undefined) return () => true
  if (candidates[candidate] === undefined) {
    const known = Object.keys(candidates)
    const message = `'${candidate}' is no candidate of this evaluation; those are ${known.join(', ')}`
    throw new TemperError('invalid_input', message, { details: { candidate, known } })
  }
  return ({ answers }: JudgedAnswers) => answers[candidate]?.verdict === verdict
}
