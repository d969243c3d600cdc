import type { ModelImport } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { sendModel } from './send-model.ts'

const created: ModelImport = {
  id: 'imp_abcdefghij2345672345',
  name: 'mine',
  source: { type: 'files', files: [{ path: 'model.gguf', sizeBytes: 3 }] },
  state: 'uploading',
  progress: null,
  uploaded: [],
  failure: null,
  checkpointId: null,
  createdBy: 'mem_abcdefghij2345672345',
  createdAt: '2026-01-01T00:00:00Z',
  finishedAt: null,
}

it('sends nothing where it was stopped before its first file', async () => {
  const sending = sendModel(created, [new File(['abc'], 'model.gguf')], AbortSignal.abort(), () => undefined)
  await expect(sending).rejects.toMatchObject({ name: 'AbortError' })
})
