import type { Page } from 'playwright-core'

/**
 * Collects what should not happen on a page: errors in its console, exceptions nobody caught, requests that failed or were
 * refused. Requests that the browser itself gives up, as it does when a page is left, are none.
 */
export function watchPage(page: Page): string[] {
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console on ${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => problems.push(`exception on ${page.url()}: ${error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.request().method()} ${response.url()}`)
  })
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    if (reason !== 'net::ERR_ABORTED') problems.push(`${reason} ${request.method()} ${request.url()}`)
  })
  return problems
}
