import type { Page } from 'playwright-core'
import { textOf } from './text-of.ts'

/** The first answer waits for a server of completions to start. */
const startPatienceMs = 120_000

/** The playground as a person has it. */
export class PlaygroundPage {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  /** Of the drawer, by the names that it shows. */
  async setParameters(values: Record<string, number>): Promise<void> {
    await this.#page.getByRole('button', { name: /^Parameters/ }).click()
    for (const [name, value] of Object.entries(values)) {
      await this.#page.getByRole('spinbutton', { name }).fill(String(value))
    }
    await this.#page.keyboard.press('Escape')
  }

  /** Chooses what a side answers with, by the beginning of its name in the list. */
  async choose(side: 'Left' | 'Right', name: string): Promise<void> {
    const select = this.#page.getByRole('combobox', { name: `${side} policy` })
    const option = select.locator('option').filter({ hasText: new RegExp(`^${name}`) })
    await select.selectOption(await option.getAttribute('value'))
  }

  async ask(prompt: string): Promise<void> {
    await this.#page.getByRole('textbox', { name: 'Prompt' }).fill(prompt)
    await this.#page.keyboard.press('Enter')
  }

  async stop(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Stop' }).click()
  }

  /** The text of a side and the words below it, once those end as they should. */
  async answer(side: 'Left' | 'Right', figures: RegExp): Promise<{ text: string; figures: string }> {
    const pane = this.#page.getByRole('region', { name: `${side} answer` })
    const below = pane.getByRole('status').filter({ hasText: figures })
    await below.waitFor({ timeout: startPatienceMs })
    return { text: await textOf(pane.locator('.model-text')), figures: await textOf(below) }
  }
}
