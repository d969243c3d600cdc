/** `tsx measure-point.ts POINT`: the memory of one training step, in a process of its own; prints one JSON line. */
import { forgetPeak, residentBytes } from './peak.ts'
import { pointSchema } from './points.ts'
import { openStep } from './training-step.ts'

const point = pointSchema.parse(JSON.parse(process.argv[2] ?? ''))
const step = await openStep(point)
forgetPeak()
const before = residentBytes()
const startedMs = performance.now()
// The second step is one without the work of compiling.
for (let run = 0; run < 2; run++) {
  const norm = await step.run()
  if (!Number.isFinite(norm)) throw new Error(`the gradient norm of ${JSON.stringify(point)} is ${norm}`)
}
const peakMib = (residentBytes().peak - before.now) / 2 ** 20
process.stdout.write(
  `${JSON.stringify({ ...point, peak_mib: Math.round(peakMib), seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)) })}\n`,
)
step.close()
