import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'

/** A pair as it stands on the screen. */
export interface SeenPair {
  prompt: string
  left: string
  right: string
}

export type VoteKey = '1' | '2' | '3' | '4'

/** The label page as a person with a keyboard has it. */
export class LabelPage {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  /** The pair on the screen; undefined where none is. */
  async pair(): Promise<SeenPair | undefined> {
    const pair = this.#page.getByRole('article', { name: 'Pair to compare' })
    const [prompt, left, right] = await pair.locator('.model-text').allTextContents()
    return prompt === undefined || left === undefined || right === undefined ? undefined : { prompt, left, right }
  }

  /**
   * Presses a key until another pair, or none, is on the screen: right after a pair has appeared the page takes no vote,
   * since nobody has read it by then. What a press does is to be seen when it returns, so that nothing happens twice.
   */
  async pressForOtherPair(key: VoteKey | 'u' | 's'): Promise<void> {
    const before = await this.pair()
    const press = async () => {
      await this.#page.keyboard.press(key)
      expect(await this.pair()).not.toEqual(before)
    }
    await vi.waitFor(press, { timeout: 10_000, interval: 100 })
  }
}
