import { describe, expect, it } from 'vitest'
import { findShortcut, keyName } from './shortcuts.ts'

const press = { key: '', code: '', shiftKey: false, ctrlKey: false, metaKey: false, altKey: false }
const done = () => undefined

describe('keyName', () => {
  it.each([
    [{ key: 'U', code: 'KeyU', shiftKey: true }, 'u'],
    [{ key: '1', code: 'Digit1' }, '1'],
    [{ key: '!', code: 'Digit1', shiftKey: true }, 'shift+1'],
    [{ key: '&', code: 'Digit1' }, '1'],
    [{ key: 'ArrowLeft', code: 'ArrowLeft', shiftKey: true }, 'shift+arrowleft'],
    [{ key: '?', code: 'Slash', shiftKey: true }, '?'],
    [{ key: 'k', code: 'KeyK', metaKey: true }, 'mod+k'],
    [{ key: 'k', code: 'KeyK', ctrlKey: true }, 'mod+k'],
    [{ key: '1', code: 'Digit1', altKey: true }, ''],
  ])('names %j as %s', (keys, name) => expect(keyName({ ...press, ...keys })).toBe(name))
})

describe('findShortcut', () => {
  const shortcuts = [
    { keys: 'g', label: 'guidelines', run: done },
    { keys: 'g r', label: 'runs', run: done },
    { keys: 'r', label: 'reload', run: done },
  ]

  it('prefers a sequence to its last key', () => {
    expect(findShortcut(shortcuts, 'g', 'r')?.label).toBe('runs')
    expect(findShortcut(shortcuts, '', 'r')?.label).toBe('reload')
  })

  it('finds the single key where no sequence begins so', () => {
    expect(findShortcut(shortcuts, 'x', 'g')?.label).toBe('guidelines')
    expect(findShortcut(shortcuts, 'g', 'q')).toBeUndefined()
  })
})
