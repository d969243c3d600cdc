/**
 * Chromium under `LANG=C`, as in containers, calls its language `en-US@posix`. No Intl function takes that, and uPlot hands
 * it to one as it loads: this must be imported before. A module of its own, since imports run before statements.
 */
if (typeof navigator !== 'undefined' && !isLanguage(navigator.language)) {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true })
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export {}
