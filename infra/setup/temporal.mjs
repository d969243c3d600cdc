import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runCommand, SetupError } from './command.mjs'
import { cachedTemporal, cacheFolder, findTemporal, inRepository, temporalVersion } from './places.mjs'
import { hasGo, howTo } from './tools.mjs'

const module = `github.com/temporalio/cli/cmd/temporal@v${temporalVersion}`

/** Lets the Temporal SDK fetch the server into FOLDER, and starts it once, which proves that it runs. */
const downloadProgram = `
import { TestWorkflowEnvironment } from '@temporalio/testing'
const executable = { type: 'cached-download', version: 'v${temporalVersion}', downloadDir: process.argv[1] }
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } })
await environment.teardown()
`

/** The Temporal binary where none is installed: fetched by Temporal's SDK, else built from source with Go. */
export const temporal = {
  title: `Temporal ${temporalVersion}`,
  isDone: () => findTemporal() !== undefined,
  /** @param {(text: string) => void} note */
  run: async (note) => {
    const draft = join(cacheFolder(), 'downloads', `temporal-${process.pid}`)
    mkdirSync(draft, { recursive: true })
    mkdirSync(dirname(cachedTemporal()), { recursive: true })
    try {
      await obtain(draft, note)
      const [binary] = readdirSync(draft)
      if (binary === undefined) throw new SetupError(`no Temporal binary appeared in ${draft}`)
      renameSync(join(draft, binary), cachedTemporal())
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  },
}

/**
 * @param {string} folder
 * @param {(text: string) => void} note
 */
async function obtain(folder, note) {
  if (await canDownload()) {
    note('downloading, about 100 MB')
    await runCommand(process.execPath, ['--input-type=module', '-e', downloadProgram, folder], {
      cwd: inRepository('tests'),
    })
    return
  }
  if (!hasGo()) {
    throw new SetupError(
      `no Temporal server found: none on PATH, and temporal.download does not answer.\n` +
        `Put the temporal program on PATH (https://docs.temporal.io/cli), or install Go 1.25 or later to build it. ${howTo('go')}`,
    )
  }
  note('building it from source with Go, about 4 minutes on two cores')
  await runCommand('go', ['install', module], { env: { ...process.env, GOBIN: folder } })
}

/** Whether the place that the SDK downloads from can be reached. */
async function canDownload() {
  try {
    const url = `https://temporal.download/cli/v${temporalVersion}?platform=linux&arch=amd64`
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok
  } catch (error) {
    // fetch reports an unreachable host and a timeout in these two ways.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return false
    throw error
  }
}
