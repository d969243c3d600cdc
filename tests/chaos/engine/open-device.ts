import { EngineDevice, engineOptions } from '@temper/pipeline/engine-process'

/** A device with real engine processes, as workers start them: warm from job to job, replaced when one dies. */
export function openDevice(): EngineDevice {
  return new EngineDevice({
    lock: { setEngine: async () => undefined },
    engine: engineOptions({ debug: () => undefined }),
  })
}
