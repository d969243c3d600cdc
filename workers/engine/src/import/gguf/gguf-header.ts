import { refuseTensor } from '../../checkpoint/refuse-tensor.ts'
import { type BlockFormat, blockFormats } from './block-formats.ts'
import { GgufCursor, type GgufValue } from './gguf-cursor.ts'
import { refuseGguf } from './refuse-gguf.ts'

export interface GgufTensor {
  format: BlockFormat
  /** Outermost axis first, as in PyTorch; the file lists them the other way round. */
  shape: number[]
  /** Bytes from the start of the file. */
  start: number
  end: number
}

export interface GgufHeader {
  metadata: Map<string, GgufValue>
  tensors: Map<string, GgufTensor>
}

const magic = 0x46554747 // "GGUF"
/** A name's length, the number of axes, one axis, type and offset. */
const smallestTensorEntry = 8 + 4 + 8 + 4 + 8
/** A key's length, a type and one byte. */
const smallestMetadataEntry = 8 + 4 + 1

/**
 * Validates the header of a GGUF file of version 2 or 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 * Tensors follow one another without overlap, each from the next multiple of the alignment, and end within the file.
 * @param bytes - the file's first bytes, the whole header among them
 * @throws TemperError invalid_checkpoint with file, tensor and rule; unsupported for another version or tensor type
 */
export function parseGgufHeader(file: string, bytes: Uint8Array, fileBytes: number): GgufHeader {
  const cursor = new GgufCursor(file, bytes)
  if (cursor.uint32() !== magic) refuseGguf(file, 'must begin with the letters GGUF')
  const version = cursor.uint32()
  if (version !== 2 && version !== 3) refuseGguf(file, `must be of version 2 or 3, it says ${version}`, 'unsupported')
  const tensorCount = cursor.count('tensors', smallestTensorEntry)
  const metadata = readMetadata(file, cursor, cursor.count('metadata', smallestMetadataEntry))
  const tensors = readTensorEntries(file, cursor, tensorCount)
  placeTensors(file, tensors, { alignment: alignmentOf(file, metadata), headerEnd: cursor.position, fileBytes })
  return { metadata, tensors }
}

function readMetadata(file: string, cursor: GgufCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < count; i++) {
    const key = cursor.text()
    if (metadata.has(key)) refuseGguf(file, `holds the metadata ${key} twice`)
    metadata.set(key, cursor.value(cursor.uint32()))
  }
  return metadata
}

/** Entries whose `start` and `end` still count from the start of the data. */
function readTensorEntries(file: string, cursor: GgufCursor, count: number): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>()
  for (let i = 0; i < count; i++) {
    const name = cursor.text()
    if (tensors.has(name)) refuseTensor(file, name, 'is listed twice')
    const nAxes = cursor.uint32()
    if (nAxes < 1 || nAxes > 4) refuseTensor(file, name, `must have 1 to 4 axes, it has ${nAxes}`)
    const shape = Array.from({ length: nAxes }, () => cursor.uint64()).reverse()
    const format = formatOf(file, name, cursor.uint32())
    const start = cursor.uint64()
    tensors.set(name, { format, shape, start, end: start + sizeBytesOf(file, name, shape, format) })
  }
  return tensors
}

function formatOf(file: string, name: string, type: number): BlockFormat {
  const format = Object.hasOwn(blockFormats, type) ? blockFormats[type] : undefined
  if (format) return format
  const known = Object.values(blockFormats).map((one) => one.name)
  return refuseTensor(file, name, `must be one of ${known.join(', ')}, its type is ${type}`, 'unsupported')
}

function sizeBytesOf(file: string, name: string, shape: number[], { elements, bytes }: BlockFormat): number {
  const row = shape.at(-1) ?? 0
  if (row % elements !== 0) refuseTensor(file, name, `must have rows of a multiple of ${elements} values, not ${row}`)
  const values = shape.reduce((product, axis) => product * axis, 1)
  const sizeBytes = (values / elements) * bytes
  if (values === 0 || !Number.isSafeInteger(sizeBytes)) refuseTensor(file, name, `cannot be [${shape.join(', ')}]`)
  return sizeBytes
}

function alignmentOf(file: string, metadata: Map<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? 32
  const valid = typeof alignment === 'number' && alignment >= 1 && Number.isInteger(Math.log2(alignment))
  return valid ? alignment : refuseGguf(file, `general.alignment must be a power of two, it is ${String(alignment)}`)
}

function placeTensors(
  file: string,
  tensors: Map<string, GgufTensor>,
  { alignment, headerEnd, fileBytes }: { alignment: number; headerEnd: number; fileBytes: number },
): void {
  const aligned = (at: number) => Math.ceil(at / alignment) * alignment
  const dataStart = aligned(headerEnd)
  let next = 0
  for (const [name, tensor] of [...tensors].sort(([, a], [, b]) => a.start - b.start)) {
    if (tensor.start !== next) refuseTensor(file, name, `must begin at byte ${next} of the data, not ${tensor.start}`)
    next = aligned(tensor.end)
    tensor.start += dataStart
    tensor.end += dataStart
    if (tensor.end > fileBytes) refuseTensor(file, name, `ends at byte ${tensor.end}, the file at ${fileBytes}`)
  }
}
