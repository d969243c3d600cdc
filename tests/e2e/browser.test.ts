import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lineageSchema } from '@temper/db/contracts'
import { type HubRepository, startTestHub, type TestHub } from '@temper/engine/test-hub'
import { anyPorts, createTemporaryHome, removeHome, type Stack, startStack } from '@temper/infra/dev'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { addFolder } from './add-folder.ts'
import { compareRuns, startOtherRun } from './compare-runs.ts'
import { type DownloadedPolicy, downloadPolicy } from './downloaded-policy.ts'
import { addFromHub, holdWeights, repositoryOf } from './hub-models.ts'
import { nameStep } from './name-step.ts'
import { openBrowser } from './open-browser.ts'
import { PlaygroundPage } from './playground-page.ts'
import { readAnswers, readReading } from './read-answers.ts'
import { readJudgedAnswers, type SeenJudgedAnswers } from './read-judged-answers.ts'
import { chooseStage, goToPairs, readStageStates, startRun, waitForEnd } from './runs-pages.ts'
import { shortRecipe } from './short-recipe.ts'
import { beRefused, signIn } from './sign-in.ts'
import { storedOutcomes, voteOnAll, wantedOutcomes } from './vote-on-all.ts'
import { watchPage } from './watch-page.ts'

const home = createTemporaryHome()
/** What the Hub has; filled by the first test. */
const repositories: Record<string, HubRepository> = {}
let scratch: string
let browser: Browser
let hub: TestHub
let stack: Stack
/** Of one person, who goes on in each test where the one before has ended. */
let page: Page
let problems: string[]

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'temper-e2e-'))
  browser = await openBrowser(join(scratch, 'browser'))
  hub = await startTestHub(repositories)
  vi.stubEnv('HF_ENDPOINT', hub.url)
  stack = await startStack({ home, ports: anyPorts, demo: false, workers: true, log: console.log })
  page = await newPage()
  problems = watchPage(page)
})

afterAll(async () => {
  // Each may have failed to start.
  await browser?.close()
  await stack?.stop()
  await hub?.stop()
  vi.unstubAllEnvs()
  removeHome(home)
  await rm(scratch, { recursive: true, force: true })
})

const step = <T>(name: string, work: () => Promise<T>) => nameStep(page, name, work)

it('a person takes a model from a recipe over votes by keyboard to a downloaded DPO policy', async () => {
  await step('sign in', () => signIn(page, stack.signInLink))
  const stranger = await newPage()
  await nameStep(stranger, 'be refused by the used link', () => beRefused(stranger, stack.signInLink))

  const runId = await step('start a run', () => startRun(page, shortRecipe))
  const states = await step('read the states', () => readStageStates(page))
  expect(states.map(({ name }) => name)).toEqual(['pretrain', 'sft', 'preferences', 'dpo', 'evaluate', 'release'])
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
  expectAllJudged(await step('read judged answers', () => readJudgedAnswers(page, 'evaluate')))
  await chooseStage(page, 'sft')
  expect(await step('read about a curve', () => readReading(page, 'Loss'))).toContain('Training loss of the step')
  expect(await step('compare runs', () => compareRuns(page))).toContain('steps 2 30')
  await page.goto(`/runs/${runId}`)
  await step('open the policy', () => openCheckpoint(page, 'dpo'))
  const policy = await step('download the policy', () => downloadPolicy(page, scratch))
  await expectWhole(policy, runId)
  await step('add the download as a model', () => addFolder(page, policy.folder, 'brought-back'))
  repositories['own/tiny'] = await repositoryOf(policy.folder)
  expect(problems).toEqual([])
})

it('a person asks a policy, then two beside each other, and stops them', async () => {
  const playground = new PlaygroundPage(page)
  const prompt = 'Write a story about a fox.'
  const whole = /^\d+ tokens, \d+ tokens\/s, (ended properly|cut at the limit)$/
  await step('open the playground', () => page.getByRole('link', { name: 'Playground' }).click())
  // Long answers, which repeat themselves.
  const parameters = { Temperature: 0, 'Frequency penalty': -2, 'Longest answer, tokens': 1000 }
  await step('set parameters', () => playground.setParameters(parameters))
  await step('choose one policy', () => playground.choose('Left', 'by-hand-dpo of by-hand'))
  await step('choose no other', () => playground.choose('Right', 'No second policy'))
  await step('ask it', () => playground.ask(prompt))
  const alone = await step('see its answer', () => playground.answer('Left', whole))
  expect(alone.text.length).toBeGreaterThan(100)

  await step('choose another policy', () => playground.choose('Right', 'sft of by-hand'))
  await step('ask both', () => playground.ask(prompt))
  const right = await step('see the other answer', () => playground.answer('Right', whole))
  const left = await step('see the same answer', () => playground.answer('Left', whole))
  expect(left.text).toBe(alone.text)
  expect(right.text).not.toBe('')

  await step('ask both again', () => playground.ask(prompt))
  await step('see text come', () => playground.answer('Left', /^[1-9]\d* tokens/))
  await step('stop them', () => playground.stop())
  const stopped = await step('see them stopped', () => playground.answer('Left', /, stopped$/))
  expect(alone.text.startsWith(stopped.text)).toBe(true)
  expect(stopped.text.length).toBeLessThan(alone.text.length)
  expect(problems).toEqual([])
})

it('a person adds a model from a Hub, sees how far it is, and stops another', async () => {
  const letGo = holdWeights(hub)
  const row = await step('add a model of the Hub', () => addFromHub(page, 'own/tiny', 'from-the-hub'))
  await row.getByRole('progressbar', { name: 'Adding from-the-hub' }).waitFor()
  letGo()
  await step('open its checkpoint', () => row.getByRole('link', { name: 'Open the checkpoint' }).click())
  await page.getByRole('heading', { name: 'from-the-hub', level: 1 }).waitFor()

  const letOtherGo = holdWeights(hub)
  const other = await step('add another', () => addFromHub(page, 'own/tiny', 'never-here'))
  await step('stop it', () => other.getByRole('button', { name: 'Stop adding never-here' }).click())
  await step('see it stopped', () => other.getByText('Stopped; nothing was kept').waitFor())
  letOtherGo()
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

/** The baseline first, more prompts when asked for, and each of them under the filter of its verdict alone. */
function expectAllJudged({ columns, shown, marks }: SeenJudgedAnswers): void {
  expect(columns).toEqual(['sft baseline', 'dpo'])
  expect(shown).toEqual(['20 of 24 prompts', '24 of 24 prompts'])
  const { Wins, Losses, Ties } = marks
  expect(new Set(Wins)).toEqual(new Set(Wins.map(() => 'Won')))
  expect(new Set(Losses)).toEqual(new Set(Losses.map(() => 'Lost')))
  expect(new Set(Ties)).toEqual(new Set(Ties.map(() => 'Tied')))
  expect(Wins.length + Losses.length + Ties.length).toBe(24)
}

/** Every promised file with its size and digest, and what `transformers` looks for among them. */
async function expectWhole({ promised, files, folder }: DownloadedPolicy, runId: string): Promise<void> {
  expect(files).toEqual(promised.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
  const wanted = ['config.json', 'model.safetensors', 'tokenizer.json', 'temper.json']
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted))
  const lineage = lineageSchema.parse(JSON.parse(await readFile(join(folder, 'temper.json'), 'utf8')))
  expect(lineage).toMatchObject({ kind: 'policy', stageType: 'dpo', stage: 'dpo', run: runId })
}
