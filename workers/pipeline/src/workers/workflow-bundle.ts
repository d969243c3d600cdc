import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import sdk from '@temporalio/worker/package.json' with { type: 'json' }

/** The bundler tells of every module else. */
const logger = new DefaultLogger('WARN')
const workflowsDir = fileURLToPath(new URL('../workflows/', import.meta.url))
const contractsFile = fileURLToPath(import.meta.resolve('@temper/db/contracts/workflows'))

/** The workflows as one script. Bundling takes seconds, so the script is kept in `cacheDir` under a digest of its sources. */
export async function workflowBundle(cacheDir: string): Promise<{ code: string }> {
  const file = path.join(cacheDir, `workflows-${await sourceDigest()}.js`)
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (kept !== undefined) return { code: kept }
  const { code } = await bundleWorkflowCode({ workflowsPath: path.join(workflowsDir, 'index.ts'), logger })
  await writeFile(`${file}.${process.pid}`, code)
  await rename(`${file}.${process.pid}`, file)
  return { code }
}

async function sourceDigest(): Promise<string> {
  const names = (await readdir(workflowsDir)).filter((name) => name.endsWith('.ts')).sort()
  const hash = createHash('sha256').update(sdk.version)
  for (const file of [...names.map((name) => path.join(workflowsDir, name)), contractsFile]) {
    hash.update(file).update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 16)
}
