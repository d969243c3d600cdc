import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HubRepository, TestHub } from '@temper/engine/test-hub'
import type { Locator, Page } from 'playwright-core'

/** The files of a folder as a repository of a Hub. */
export async function repositoryOf(folder: string): Promise<HubRepository> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))]))
  return { files: Object.fromEntries(files) }
}

/** The next download of weights stops after its first bytes, until it is let go: its connection breaks then. */
export function holdWeights(hub: TestHub): () => void {
  let letGo: () => void = () => undefined
  const moment = new Promise<void>((resolve) => {
    letGo = resolve
  })
  hub.breakOff.set('model.safetensors', { after: 10_000, moment })
  return letGo
}

/** By the Models page. Answers the row of the import, once it tells how much is there of how much. */
export async function addFromHub(page: Page, repository: string, name: string): Promise<Locator> {
  await page.getByRole('link', { name: 'Models', exact: true }).click()
  await page.getByLabel('Repository on a Hugging Face Hub').fill(repository)
  await page.getByLabel('Name here').fill(name)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const row = page.getByRole('listitem').filter({ hasText: name })
  await row.getByText(/^Fetching: .+ of .+$/).waitFor()
  return row
}
