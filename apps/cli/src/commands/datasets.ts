import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Dataset, datasetKinds, datasetSchema, nameFrom, pageSchema, TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { command, group } from '../command.ts'
import { bytes, fields, table } from '../output.ts'

const add = command(
  'Add a file: text, or JSONL of conversations, prompts or preferences; .gz too',
  {
    file: { type: 'positional', required: true, description: 'The file' },
    name: { type: 'string', description: 'Name in recipes; from the name of the file unless given' },
    kind: { type: 'string', description: `${datasetKinds.join(', ')}; found out from the rows unless given` },
  },
  async ({ args, api, out }) => {
    const content = await readFile(args.file).catch((cause: NodeJS.ErrnoException) => {
      throw new TemperError('invalid_input', `${args.file} cannot be read: ${cause.message}`, { cause })
    })
    const query = new URLSearchParams({ name: args.name ?? nameOf(args.file), file: basename(args.file) })
    if (args.kind !== undefined) query.set('kind', args.kind)
    const dataset = await api.post(`/v1/datasets?${query}`, new Uint8Array(content), datasetSchema)
    out.document(dataset, () => `Added ${describe(dataset)}`)
  },
)

const list = command('Datasets, newest first', {}, async ({ api, out }) => {
  const datasets = await api.list('/v1/datasets', datasetSchema)
  out.document(datasets, () =>
    table(
      ['id', 'name', 'version', 'kind', 'rows', 'size'],
      datasets.map((d) => [d.id, d.name, d.version, d.kind, d.rows, bytes(d.sizeBytes)]),
    ),
  )
})

const get = command(
  'A dataset and its first rows',
  {
    dataset: { type: 'positional', required: true, description: 'Id or name' },
    rows: { type: 'string', default: '3', description: 'How many rows to show' },
  },
  async ({ args, api, out }) => {
    const path = `/v1/datasets/${encodeURIComponent(args.dataset)}`
    const dataset = await api.get(path, datasetSchema)
    const row = z.record(z.string(), z.unknown())
    const { items } = await api.get(`${path}/rows?limit=${encodeURIComponent(args.rows)}`, pageSchema(row))
    out.document({ ...dataset, preview: items }, () => {
      const { id, name, version, kind, rows, sizeBytes, sha256, source, createdAt } = dataset
      const values = { id, name, version, kind, rows, size: bytes(sizeBytes), sha256, source, added: createdAt }
      return [fields(values), ...items.map((item) => JSON.stringify(item))].join('\n')
    })
  },
)

/** `My Talks.jsonl.gz` becomes `my-talks`. */
function nameOf(file: string): string {
  return nameFrom(basename(file).replace(/(\.(gz|jsonl|json|txt|md))+$/i, ''))
}

function describe({ name, version, kind, rows, sizeBytes, id }: Dataset): string {
  return `${name} version ${version}: ${rows} rows of ${kind}, ${bytes(sizeBytes)} (${id})`
}

export const datasets = group('datasets', 'Rows to train on', { add, list, get })
