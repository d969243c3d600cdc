import { builtinModels, describeSource, type ModelImport, modelImportSchema } from '@temper/db/contracts'
import { command, group } from '../command.ts'
import { addModel } from '../models/add-model.ts'
import { findSource } from '../models/find-source.ts'
import { progressWords } from '../models/progress-line.ts'
import { table } from '../output.ts'

const add = command(
  'Add a model, as a checkpoint to train from and talk to; Ctrl-C stops it, and nothing is kept',
  {
    source: {
      type: 'positional',
      required: true,
      description: `A folder or .gguf file here, owner/name of a Hub, owner/name/file.gguf, or ${builtinModels.join(', ')}`,
    },
    name: { type: 'string', description: 'Name of the checkpoint; from the source unless given' },
    revision: { type: 'string', description: 'Branch, tag or commit of a repository; main unless given' },
  },
  async ({ args, api, out }) => {
    const found = await findSource(args.source, args.revision)
    const done = await addModel(api, { ...found, name: args.name ?? found.name }, out)
    out.say(
      [
        `Added ${done.name}: ${done.checkpointId}`,
        `  train it:  model: { checkpoint: ${done.checkpointId} } in a recipe`,
        `  talk to it:  temper generate ${done.checkpointId} "Hello", or the playground of the web app`,
      ].join('\n'),
    )
  },
)

const list = command('Models that were added, and those on their way in; newest first', {}, async ({ api, out }) => {
  const items = await api.list('/v1/imports', modelImportSchema)
  out.document(items, () =>
    table(
      ['id', 'name', 'source', 'state', 'checkpoint'],
      items.map((item) => [item.id, item.name, describeSource(item.source), stateOf(item), item.checkpointId ?? '']),
    ),
  )
})

function stateOf({ state, progress, failure }: ModelImport): string {
  if (state === 'running' && progress !== null) return progressWords(progress)
  return state === 'failed' && failure !== null ? `failed: ${failure.message}` : state
}

const cancel = command(
  'Stop adding a model; nothing of it is kept',
  { id: { type: 'positional', required: true, description: 'Id of the import, from `models list`' } },
  async ({ args, api, out }) => {
    await api.send(`/v1/imports/${args.id}`, { method: 'DELETE' })
    const item = await api.get(`/v1/imports/${args.id}`, modelImportSchema)
    out.document(item, () => `${item.id} is ${item.state}`)
  },
)

export const models = group('models', 'Models from elsewhere', { add, list, cancel })
