import { createTemporaryHome, removeHome, startServices } from '@temper/infra/dev'

export interface TestTemporal {
  readonly address: string
  stop(): Promise<void>
}

/** A real Temporal server for one test file. Up in about a second. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const home = createTemporaryHome()
  const services = await startServices({ home, only: ['temporal'] })
  const stop = async () => {
    await services.stop()
    removeHome(home)
  }
  return { address: services.temporalAddress, stop }
}
