import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import {
  builtinModels,
  isPickle,
  type ModelSource,
  nameFrom,
  parseModelSource,
  refusePickle,
  selectModelFiles,
  TemperError,
} from '@temper/db/contracts'

/** A model as the command line names it. */
export interface FoundSource {
  source: ModelSource
  /** What it is called unless somebody says otherwise. */
  name: string
  /** Folder of the files that are to be sent. */
  folder?: string
}

/**
 * What a source on the command line means: a folder or a .gguf file where there is one of that name, else a repository
 * of a Hub or a short name. Throws `invalid_input` for anything else, and what is wrong with a folder.
 */
export async function findSource(text: string, revision?: string): Promise<FoundSource> {
  const found = await sourceOf(text, revision)
  if (revision === undefined || found.source.type === 'hub') return found
  throw new TemperError('invalid_input', `'${text}' has no revisions: only a repository of a Hub has`)
}

async function sourceOf(text: string, revision: string | undefined): Promise<FoundSource> {
  const found = await stat(text).catch(() => undefined)
  if (found?.isDirectory()) return fromFolder(text)
  if (found?.isFile()) return fromFile(text)
  const source = parseModelSource(text, revision)
  if (source === undefined) throw notFound(text)
  const called = source.type === 'hub' ? (source.file ?? source.repository) : text
  return { source, name: nameFrom(basename(called, '.gguf')) }
}

async function fromFolder(folder: string): Promise<FoundSource> {
  const names = await readdir(folder)
  const wanted = await selectModelFiles(folder, names, (name) => readFile(join(folder, name), 'utf8'))
  return { source: await announce(folder, wanted), name: nameFrom(basename(resolve(folder))), folder }
}

async function fromFile(file: string): Promise<FoundSource> {
  if (isPickle(file)) refusePickle(file, dirname(file))
  if (!file.endsWith('.gguf')) throw notFound(file)
  const folder = dirname(file)
  return { source: await announce(folder, [basename(file)]), name: nameFrom(basename(file, '.gguf')), folder }
}

async function announce(folder: string, names: string[]): Promise<ModelSource> {
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return { type: 'files', files: names.map((path, i) => ({ path, sizeBytes: sizes[i] ?? 0 })) }
}

function notFound(text: string): TemperError {
  const what = 'a folder in the Hugging Face layout, a .gguf file, owner/name of a Hub, owner/name/file.gguf'
  return new TemperError('invalid_input', `'${text}' is no model: expected ${what}, or ${builtinModels.join(', ')}`)
}
