/** A key or a sequence of keys (`g r`), what it does in words, and the deed. */
export interface Shortcut {
  keys: string
  label: string
  run: () => void
}

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

/**
 * The name of a key press: `a`, `?`, `1`, `shift+1`, `shift+arrowleft`, `mod+k` (Ctrl, or ⌘ on Apple's machines).
 * Digits go by their place, since Shift turns them into other characters on each layout.
 */
export function keyName(press: Press): string {
  if (press.altKey) return ''
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1]
  const key = digit ?? press.key.toLowerCase()
  const namesShift = digit !== undefined || key.length > 1
  const modifier = press.ctrlKey || press.metaKey ? 'mod+' : ''
  return `${modifier}${press.shiftKey && namesShift ? 'shift+' : ''}${key}`
}

/** How long the first key of a sequence waits for the second. */
export const sequenceMs = 1000

/** The shortcut for a press after `previous`, a sequence before a single key. */
export function findShortcut(shortcuts: readonly Shortcut[], previous: string, key: string): Shortcut | undefined {
  const sequence = previous === '' ? undefined : shortcuts.find((shortcut) => shortcut.keys === `${previous} ${key}`)
  return sequence ?? shortcuts.find((shortcut) => shortcut.keys === key)
}
