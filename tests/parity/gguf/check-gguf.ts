import { join } from 'node:path'
import { blockFormats, dequantize } from '@temper/engine/import'
import { z } from 'zod'
import { readJson } from '../read-json.ts'
import { Checks, type Result, section, unsupported } from '../result.ts'
import { tolerances } from '../tolerances.ts'

/** Rows of whole blocks by the name of their type. */
const blocksSchema = z.record(
  z.string(),
  z.object({
    ggml_type: z.number(),
    shape: z.array(z.number()),
    bytes: z.base64(),
    values: z.array(z.array(z.number())),
  }),
)

/** De-quantised values of every tensor type in `blocks.json`. */
export async function* checkGguf(dir: string): AsyncGenerator<Result> {
  const blocks = await readJson(join(dir, 'blocks.json'), blocksSchema)
  for (const [name, { ggml_type, bytes, values }] of Object.entries(blocks)) {
    const format = blockFormats[ggml_type]
    if (!format) {
      yield unsupported('gguf', name, `the engine reads no tensors of type ${ggml_type}`)
      continue
    }
    yield await section('gguf', name, async () => {
      const checks = new Checks()
      const actual = dequantize(format, Buffer.from(bytes, 'base64'), values[0]?.length ?? 0)
      checks.relative('values', actual, values.flat(), tolerances.dequantized)
      return checks
    })
  }
}
