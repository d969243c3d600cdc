import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lineageSchema } from '@temper/db/contracts'
import { anyPorts, createTemporaryHome, removeHome, type Stack, startStack } from '@temper/infra/dev'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addFolder } from './add-folder.ts'
import { compareRuns, startOtherRun } from './compare-runs.ts'
import { type DownloadedPolicy, downloadPolicy } from './downloaded-policy.ts'
import { nameStep } from './name-step.ts'
import { openBrowser } from './open-browser.ts'
import { readAnswers, readReading } from './read-answers.ts'
import { chooseStage, goToPairs, readStageStates, startRun, waitForEnd } from './runs-pages.ts'
import { shortRecipe } from './short-recipe.ts'
import { beRefused, signIn } from './sign-in.ts'
import { storedOutcomes, voteOnAll, wantedOutcomes } from './vote-on-all.ts'
import { watchPage } from './watch-page.ts'

const home = createTemporaryHome()
let scratch: string
let browser: Browser
let stack: Stack

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'temper-e2e-'))
  browser = await openBrowser(join(scratch, 'browser'))
  stack = await startStack({ home, ports: anyPorts, demo: false, workers: true, log: console.log })
})

afterAll(async () => {
  // Either may have failed to start.
  await browser?.close()
  await stack?.stop()
  removeHome(home)
  await rm(scratch, { recursive: true, force: true })
})

it('a person takes a model from a recipe over votes by keyboard to a downloaded DPO policy', async () => {
  const page = await newPage()
  const problems = watchPage(page)
  const step = <T>(name: string, work: () => Promise<T>) => nameStep(page, name, work)

  await step('sign in', () => signIn(page, stack.signInLink))
  const stranger = await newPage()
  await nameStep(stranger, 'be refused by the used link', () => beRefused(stranger, stack.signInLink))

  const runId = await step('start a run', () => startRun(page, shortRecipe))
  const states = await step('read the states', () => readStageStates(page))
  expect(states.map(({ name }) => name)).toEqual(['pretrain', 'sft', 'preferences', 'dpo', 'release'])
  for (const { state } of states) expect(state).toMatch(/^(Queued|Waiting|Running|Done)$/)

  await step('go to the pairs', () => goToPairs(page))
  expect(await step('use a phone', () => hiddenOnPhone(page))).toBe(0)
  const votes = await step('vote', () => voteOnAll(page))
  expect(await storedOutcomes(stack.databaseUrl, runId, 'preferences')).toEqual(wantedOutcomes(votes))

  await page.goto(`/runs/${runId}?stage=preferences`)
  await step('see all votes counted', () => page.getByText('8 of 8 votes, 100 %').waitFor())
  expect(await step('see the run end', () => waitForEnd(page))).toBe('Done')
  await step('start another run', () => startOtherRun(page))
  const answers = await step('see answers change', () => readAnswers(page, 'sft'))
  expect(answers.columns).toEqual(['before the first step', expect.stringMatching(/^step \d+$/)])
  expect(answers.prompts).toHaveLength(4)
  expect(await step('read about a curve', () => readReading(page, 'Loss'))).toContain('Training loss of the step')
  expect(await step('compare runs', () => compareRuns(page))).toContain('steps 2 30')
  await page.goto(`/runs/${runId}`)
  await step('open the policy', () => openCheckpoint(page, 'dpo'))
  const policy = await step('download the policy', () => downloadPolicy(page, scratch))
  await expectWhole(policy, runId)
  await step('add the download as a model', () => addFolder(page, policy.folder, 'brought-back'))
  expect(problems).toEqual([])
})

async function newPage(): Promise<Page> {
  const context = await browser.newContext({ baseURL: stack.webUrl, viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(60_000)
  return context.newPage()
}

/** How far, in pixels, the page can be scrolled sideways on a phone. */
async function hiddenOnPhone(page: Page): Promise<number> {
  await page.setViewportSize({ width: 375, height: 812 })
  const hidden = await page.locator('html').evaluate((html) => {
    html.scrollLeft = 10_000
    return html.scrollLeft
  })
  await page.setViewportSize({ width: 1440, height: 900 })
  return hidden
}

async function openCheckpoint(page: Page, stage: string): Promise<void> {
  await chooseStage(page, stage)
  await page.getByRole('link', { name: 'Checkpoint', exact: true }).click()
  await page.getByRole('heading', { name: 'by-hand-dpo', level: 1 }).waitFor()
}

/** Every promised file with its size and digest, and what `transformers` looks for among them. */
async function expectWhole({ promised, files, folder }: DownloadedPolicy, runId: string): Promise<void> {
  expect(files).toEqual(promised.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
  const wanted = ['config.json', 'model.safetensors', 'tokenizer.json', 'temper.json']
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted))
  const lineage = lineageSchema.parse(JSON.parse(await readFile(join(folder, 'temper.json'), 'utf8')))
  expect(lineage).toMatchObject({ kind: 'policy', stageType: 'dpo', stage: 'dpo', run: runId })
}
