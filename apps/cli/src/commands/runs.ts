import { metricPointSchema, pageSchema, runEventSchema, runSchema, runSummarySchema } from '@temper/db/contracts'
import { newIdempotencyKey } from '../api/idempotency-key.ts'
import { command, group } from '../command.ts'
import { table } from '../output.ts'
import { readRecipe } from '../read-recipe.ts'
import { describeEvent, describeRun } from '../run-words.ts'
import { watchRun } from '../watch-run.ts'

const run = { type: 'positional', required: true, description: 'Id of a run' } as const

const create = command(
  'Start a run from a recipe',
  {
    recipe: { type: 'positional', required: true, description: 'A file, or the name of a recipe that ships' },
    seed: { type: 'string', description: 'In place of the seed of the recipe' },
    watch: { type: 'boolean', description: 'Follow it to its end' },
  },
  async ({ args, api, out }) => {
    const recipe = await readRecipe(api, args.recipe)
    const body = args.seed === undefined ? { recipe } : { recipe, seed: Number(args.seed) }
    const created = await api.post('/v1/runs', body, runSchema, newIdempotencyKey())
    out.document(created, () => `Started ${created.name}: ${created.id}\ntemper runs watch ${created.id}`)
    if (args.watch) await watchRun(api, created.id, out)
  },
)

const list = command('Runs, newest first', {}, async ({ api, out }) => {
  const runs = await api.list('/v1/runs', runSummarySchema)
  out.document(runs, () =>
    table(
      ['id', 'name', 'state', 'status', 'created'],
      runs.map(({ id, name, state, status, createdAt }) => [id, name, state, status, createdAt]),
    ),
  )
})

const get = command('A run and its stages', { run }, async ({ args, api, out }) => {
  const found = await api.get(`/v1/runs/${args.run}`, runSchema)
  out.document(found, () => describeRun(found))
})

const watch = command('Follow a run to its end', { run }, async ({ args, api, out }) => watchRun(api, args.run, out))

const act = (action: string, description: string) =>
  command(description, { run }, async ({ args, api, out }) => {
    const found = await api.post(`/v1/runs/${args.run}/${action}`, {}, runSchema, newIdempotencyKey())
    out.document(found, () => `Asked ${found.name} to ${action}: ${found.status}`)
  })

const skipWaiting = command(
  'Let a preferences stage go on with the votes it has',
  { run, stage: { type: 'positional', required: true, description: 'Name of the stage' } },
  async ({ args, api, out }) => {
    const path = `/v1/runs/${args.run}/stages/${args.stage}/skip-waiting`
    const found = await api.post(path, {}, runSchema, newIdempotencyKey())
    out.document(found, () => `${args.stage} goes on`)
  },
)

const events = command('What happened in a run so far', { run }, async ({ args, api, out }) => {
  for await (const event of api.all(`/v1/runs/${args.run}/history`, runEventSchema)) {
    out.document(event, () => describeEvent(event))
  }
})

const metrics = command(
  'Points of the curves of a run',
  {
    run,
    stage: { type: 'string', description: 'Of this stage only' },
    name: { type: 'string', description: 'Names of metrics, separated by commas' },
  },
  async ({ args, api, out }) => {
    const query = new URLSearchParams({ maxPoints: '100000' })
    if (args.stage !== undefined) query.set('stage', args.stage)
    if (args.name !== undefined) query.set('name', args.name)
    const { items } = await api.get(`/v1/runs/${args.run}/metrics?${query}`, pageSchema(metricPointSchema))
    out.document(items, () =>
      table(
        ['stage', 'name', 'step', 'value'],
        items.map((point) => [point.stage, point.name, point.step, point.value]),
      ),
    )
  },
)

export const runs = group('runs', 'Recipes on their way', {
  create,
  list,
  get,
  watch,
  pause: act('pause', 'Stop at the next step; nothing is lost'),
  resume: act('resume', 'Go on'),
  cancel: act('cancel', 'End a run; what its stages have finished stays'),
  'skip-waiting': skipWaiting,
  events,
  metrics,
})
