/** How often a long step repeats its line where lines cannot be redrawn. */
const repeatAfterMs = 15_000

/**
 * Runs a long step with one line that tells its title and the time so far; the line is redrawn on a terminal.
 * `note` shows what the step does at the moment.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function showProgress(title, work) {
  const startedAt = Date.now()
  let doing = ''
  const line = () => `${title}${doing === '' ? '' : `: ${doing}`} (${seconds(startedAt)})`
  const isTerminal = process.stdout.isTTY === true
  const redraw = () => process.stdout.write(isTerminal ? `\r\x1b[2K… ${line()}` : `… ${line()}\n`)
  process.stdout.write(isTerminal ? `… ${title}` : `… ${title}\n`)
  const timer = setInterval(redraw, isTerminal ? 500 : repeatAfterMs)
  try {
    const result = await work((text) => {
      doing = text
    })
    doing = ''
    process.stdout.write(`${isTerminal ? '\r\x1b[2K' : ''}✓ ${line()}\n`)
    return result
  } catch (error) {
    process.stdout.write(`${isTerminal ? '\r\x1b[2K' : ''}✗ ${line()}\n`)
    throw error
  } finally {
    clearInterval(timer)
  }
}

/** @param {number} startedAtMs */
function seconds(startedAtMs) {
  return `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`
}
