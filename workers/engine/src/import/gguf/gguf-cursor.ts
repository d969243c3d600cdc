import { refuseGguf } from './refuse-gguf.ts'

export type GgufValue = string | number | boolean | GgufValue[]

/** Number types of the format by their code: bytes, and how one is read. 64-bit integers beyond 2^53 lose their last bits. */
const numbers: Record<number, { bytes: number; read: (view: DataView, at: number) => number }> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  10: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
}
const codes = { boolean: 7, text: 8, list: 9 } as const
const uint32 = 4
const uint64 = 10

/** Reads the header of a GGUF file value by value, never beyond its bytes. */
export class GgufCursor {
  readonly #file: string
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at = 0

  constructor(file: string, bytes: Uint8Array) {
    this.#file = file
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at
  }

  uint32(): number {
    return this.#number(uint32)
  }

  uint64(): number {
    return this.#number(uint64)
  }

  /** How many things follow, each of at least `bytesEach`. */
  count(what: string, bytesEach: number): number {
    const count = this.uint64()
    const room = this.#bytes.byteLength - this.#at
    if (count * bytesEach > room) refuseGguf(this.#file, `says ${count} ${what}, for which ${room} bytes are too few`)
    return count
  }

  text(): string {
    const length = this.count('bytes of text', 1)
    const start = this.#take(length)
    try {
      return this.#text.decode(this.#bytes.subarray(start, start + length))
    } catch {
      return refuseGguf(this.#file, `the text at byte ${start} must be UTF-8`)
    }
  }

  /** A value of a type by its code. Lists of lists are in no file that models come in, and are refused. */
  value(code: number): GgufValue {
    if (code === codes.text) return this.text()
    if (code === codes.boolean) return this.#number(0) !== 0
    if (code !== codes.list) return this.#number(code)
    const itemCode = this.uint32()
    if (itemCode === codes.list) refuseGguf(this.#file, `has a list of lists at byte ${this.#at}`)
    const count = this.count('values of a list', itemCode === codes.text ? 8 : (numbers[itemCode]?.bytes ?? 1))
    return Array.from({ length: count }, () => this.value(itemCode))
  }

  #number(code: number): number {
    const type = numbers[code] ?? refuseGguf(this.#file, `has a value of the unknown type ${code} at byte ${this.#at}`)
    return type.read(this.#view, this.#take(type.bytes))
  }

  /** Where the next bytes begin; they are read with it. */
  #take(bytes: number): number {
    const start = this.#at
    if (start + bytes > this.#bytes.byteLength) {
      refuseGguf(this.#file, `the header must end before byte ${this.#bytes.byteLength}, it goes on`)
    }
    this.#at += bytes
    return start
  }
}
