/** `npx tsx tests/equivalence/record.ts`: records the trajectories anew. Why they change goes into the commit. */
import { makeTask, methods } from './methods.ts'
import { readRecorded, record } from './recorded.ts'
import { largestDifference, runTrajectory } from './trajectory.ts'

const task = await makeTask()
try {
  for (const method of methods) {
    const trajectory = await runTrajectory(task.job(method))
    const before = await readRecorded(method)
    await record(method, trajectory)
    const change = before && largestDifference(before, trajectory)
    process.stdout.write(`${method}: ${change === undefined ? 'new' : `moved by ${change.toExponential(1)}`}\n`)
  }
} finally {
  await task.remove()
}
