import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  checkpointSchema,
  type Evaluation,
  endedImportStates,
  evaluationSchema,
  judgedAnswersSchema,
  labelProgressSchema,
  metricPointSchema,
  modelImportSchema,
  pageSchema,
  type Run,
  runSchema,
  runSummarySchema,
  stageSamplesSchema,
} from '@temper/db/contracts'
import { read } from './api.ts'
import { type AnswerFilter, answersPath } from './judged-answers.ts'
import { isLive } from './stage-words.ts'

/** Every document the pages read, with its place in the cache. Paths are the same for server and browser. */

export const runPageSchema = pageSchema(runSummarySchema)
export const checkpointPageSchema = pageSchema(checkpointSchema)
export const importPageSchema = pageSchema(modelImportSchema)
const metricPage = pageSchema(metricPointSchema)
const samplePage = pageSchema(stageSamplesSchema)
const evaluationPage = pageSchema(evaluationSchema)
const answerPage = pageSchema(judgedAnswersSchema)

const pollMs = 3000

export const runsQuery = queryOptions({
  queryKey: ['runs'],
  queryFn: () => read('/v1/runs?limit=50', runPageSchema),
  refetchInterval: pollMs,
})

export const checkpointsQuery = queryOptions({
  queryKey: ['checkpoints'],
  queryFn: () => read('/v1/checkpoints?limit=100', checkpointPageSchema),
  refetchInterval: pollMs * 3,
})

export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: () => read('/v1/imports?limit=50', importPageSchema),
  refetchInterval: ({ state }) => {
    const isUnderWay = state.data?.items.some((item) => !endedImportStates.includes(item.state))
    return isUnderWay ? pollMs / 3 : pollMs * 3
  },
})

export const labelProgressQuery = queryOptions({
  queryKey: ['label-progress'],
  queryFn: () => read('/v1/comparisons/progress', labelProgressSchema),
  refetchInterval: pollMs,
})

/** Steps and states of stages change between events too. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: (): Promise<Run> => read(`/v1/runs/${id}`, runSchema),
    refetchInterval: ({ state }) => (state.data !== undefined && isLive(state.data.state) ? pollMs : false),
  })

export const metricsQuery = (id: string, stage: string) =>
  queryOptions({
    queryKey: ['run', id, 'metrics', stage],
    queryFn: () => read(`/v1/runs/${id}/metrics?stage=${encodeURIComponent(stage)}`, metricPage),
  })

export const samplesQuery = (id: string, stage: string) =>
  queryOptions({
    queryKey: ['run', id, 'samples', stage],
    queryFn: () => read(`/v1/runs/${id}/samples?stage=${encodeURIComponent(stage)}`, samplePage),
  })

export const evaluationsQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id, 'evaluations'],
    queryFn: () => read(`/v1/runs/${id}/evaluations`, evaluationPage),
  })

/** A page at a time; what was once judged stays as it is. */
export const answersQuery = (evaluation: Evaluation, filter: AnswerFilter) =>
  infiniteQueryOptions({
    queryKey: ['evaluation', evaluation.id, 'answers', filter.verdict === 'all' ? 'all' : filter],
    queryFn: ({ pageParam }) => read(answersPath(evaluation, filter, pageParam), answerPage),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
