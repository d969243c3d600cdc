import { emitKeypressEvents } from 'node:readline'
import type { ReadStream } from 'node:tty'

/** Keys as they are pressed, without Enter; Ctrl-C and Ctrl-D come as `q`. The terminal is as before afterwards. */
export async function* readKeys(terminal: ReadStream): AsyncGenerator<string> {
  const pressed: string[] = []
  let wake: () => void = () => undefined
  const listen = (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    pressed.push(key.ctrl && (key.name === 'c' || key.name === 'd') ? 'q' : (text ?? ''))
    wake()
  }
  emitKeypressEvents(terminal)
  terminal.setRawMode(true)
  terminal.on('keypress', listen)
  terminal.resume()
  try {
    for (;;) {
      const next = pressed.shift()
      if (next !== undefined) yield next
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    terminal.off('keypress', listen)
    terminal.setRawMode(false)
    terminal.pause()
  }
}
