import { describe, expect, it } from 'vitest'
import { parseEvents, type ServerEvent } from './event-stream.ts'

function bodyOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      controller.close()
    },
  })
}

async function eventsIn(body: ReadableStream<Uint8Array>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  for await (const event of parseEvents(body)) events.push(event)
  return events
}

function eventsOf(...pieces: string[]): Promise<ServerEvent[]> {
  return eventsIn(bodyOf(...pieces))
}

describe('parseEvents', () => {
  it('joins events that arrive in pieces', async () => {
    expect(await eventsOf('id: 7\nda', 'ta: {"a":', '1}\n', '\n')).toEqual([{ id: '7', data: '{"a":1}' }])
  })

  it('joins lines of data and skips comments and names', async () => {
    expect(await eventsOf(': ping\n\nevent: token\ndata: a\ndata:b\n\n')).toEqual([{ id: '', data: 'a\nb' }])
  })

  it('keeps the last id for events without one', async () => {
    expect(await eventsOf('id: 1\ndata: a\n\ndata: b\n\n')).toEqual([
      { id: '1', data: 'a' },
      { id: '1', data: 'b' },
    ])
  })

  it('reads carriage returns split across pieces', async () => {
    expect(await eventsOf('data: a\r', '\n\r', '\n')).toEqual([{ id: '', data: 'a' }])
  })

  it('drops an event that was cut off', async () => {
    expect(await eventsOf('data: a\n\ndata: b')).toEqual([{ id: '', data: 'a' }])
  })

  it('keeps characters whole that are split across pieces', async () => {
    const bytes = new TextEncoder().encode('data: é\n\n')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await eventsIn(body)).toEqual([{ id: '', data: 'é' }])
  })
})
