import { join } from 'node:path'
import { checkpointSchema } from '@temper/db/contracts'
import { command, group } from '../command.ts'
import { downloadFile } from '../download-file.ts'
import { bytes, fields, table } from '../output.ts'

const checkpoint = { type: 'positional', required: true, description: 'Id of a checkpoint' } as const

const list = command(
  'Checkpoints, newest first',
  {
    run: { type: 'string', description: 'Of this run only' },
    kind: { type: 'string', description: 'policy or reward' },
    released: { type: 'boolean', description: 'Only released ones' },
    all: { type: 'boolean', description: 'Those between too' },
  },
  async ({ args, api, out }) => {
    const query = new URLSearchParams()
    for (const key of ['run', 'kind', 'released', 'all'] as const) {
      if (args[key] !== undefined) query.set(key, String(args[key]))
    }
    const items = await api.list(`/v1/checkpoints?${query}`, checkpointSchema)
    out.document(items, () =>
      table(
        ['id', 'kind', 'stage', 'step', 'parameters', 'size', 'released as'],
        items.map((c) => [c.id, c.kind, c.stage ?? '', c.step, c.parameters, bytes(c.sizeBytes), c.releasedAs ?? '']),
      ),
    )
  },
)

const get = command('A checkpoint with its files', { checkpoint }, async ({ args, api, out }) => {
  const found = await api.get(`/v1/checkpoints/${args.checkpoint}`, checkpointSchema)
  out.document(found, () => {
    const { id, kind, runId, stage, step, releasedAs, architecture, parameters, createdAt } = found
    const values = {
      id,
      kind,
      run: runId,
      stage,
      step,
      released: releasedAs,
      architecture,
      parameters,
      created: createdAt,
    }
    const files = found.files.map((file) => [file.path, bytes(file.sizeBytes), file.sha256])
    return [fields(values), '', table(['file', 'size', 'sha256'], files)].join('\n')
  })
})

const download = command(
  'Download a checkpoint as a folder that transformers opens; an interrupted download goes on',
  {
    checkpoint,
    out: { type: 'string', description: 'The folder; named after the checkpoint unless given' },
    resume: { type: 'boolean', description: 'Also what only a resumed stage needs' },
  },
  async ({ args, api, out }) => {
    const found = await api.get(`/v1/checkpoints/${args.checkpoint}`, checkpointSchema)
    const folder = args.out ?? found.releasedAs ?? found.id
    const files = found.files.filter((file) => args.resume || !file.path.startsWith('resume/'))
    for (const file of files) {
      await downloadFile(api, `/v1/checkpoints/${found.id}/files/${file.path}`, file, join(folder, file.path))
      out.say(`${join(folder, file.path)}  ${bytes(file.sizeBytes)}`)
    }
    const paths = files.map((file) => join(folder, file.path))
    out.document({ checkpoint: found.id, folder, files: paths }, () => `Downloaded ${found.id} to ${folder}`)
  },
)

export const checkpoints = group('checkpoints', 'Models that runs have made', { list, get, download })
