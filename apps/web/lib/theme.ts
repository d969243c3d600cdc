/** The look as the person wants it; `system` follows the machine's setting. */
export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'temper-theme'
const order: Theme[] = ['system', 'light', 'dark']

/** Runs before the first paint, so that a page never flashes in the other theme. */
export const themeScript = `try{const t=localStorage.getItem('${storageKey}');if(t)document.documentElement.dataset.theme=t}catch{}`

export function readTheme(): Theme {
  return order.find((theme) => theme === document.documentElement.dataset.theme) ?? 'system'
}

export function nextTheme(theme: Theme): Theme {
  return order[(order.indexOf(theme) + 1) % order.length] ?? 'system'
}

/** Charts draw on a canvas and cannot follow CSS: they listen for this event on `window`. */
export const themeEvent = 'temper-theme'

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme
    localStorage.removeItem(storageKey)
  } else {
    document.documentElement.dataset.theme = theme
    localStorage.setItem(storageKey, theme)
  }
  window.dispatchEvent(new Event(themeEvent))
}

/** The colour that a CSS colour, variables and light-dark() included, has on this element now. */
export function resolveColor(element: HTMLElement, color: string): string {
  const probe = document.createElement('span')
  probe.style.color = color
  element.append(probe)
  const resolved = getComputedStyle(probe).color
  probe.remove()
  return resolved
}
