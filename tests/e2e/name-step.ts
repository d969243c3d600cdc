import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Runs a step of a test. Where it fails, the error names the step and a picture of what the page showed. */
export async function nameStep<T>(page: Page, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const path = join(tmpdir(), `temper-e2e-${process.pid}-${name.replaceAll(' ', '-')}.png`)
    const picture = await page.screenshot({ path, fullPage: true }).then(
      () => `screenshot: ${path}`,
      (error: Error) => `no screenshot: ${error.message}`,
    )
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot ${name} at ${page.url()} (${picture})\n${reason}`, { cause })
  }
}
