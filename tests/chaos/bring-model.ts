import type { CheckpointFile, ModelSource } from '@temper/db/contracts'
import { taskQueues, workflowTypes } from '@temper/db/contracts/workflows'
import { addImportFile, createImport, createMember, getCheckpoint, queueImport } from '@temper/db/queries'
import type { TestSystem } from './test-system.ts'

/** Adds a model as the API does. Answers the id of the import, whose workflow has begun. */
export async function bringModel(
  { db, client }: Pick<TestSystem, 'db' | 'client'>,
  name: string,
  source: ModelSource,
  sent: CheckpointFile[] = [],
): Promise<string> {
  const { id: createdBy } = await createMember(db, { name: 'Ada', role: 'member' })
  const { id } = await createImport(db, { name, source, createdBy })
  for (const file of sent) await addImportFile(db, id, file)
  await queueImport(db, id)
  const input = { taskQueue: taskQueues.pipeline, workflowId: id, args: [{ importId: id }] }
  await client.workflow.start(workflowTypes.import, input)
  return id
}

/** The files of a checkpoint as somebody might bring them: without what only Temper knows. */
export async function broughtFiles({ db }: Pick<TestSystem, 'db'>, checkpointId: string): Promise<CheckpointFile[]> {
  const { files } = await getCheckpoint(db, checkpointId)
  return files.filter(({ path }) => !path.includes('/') && path !== 'temper.json' && path !== 'manifest.json')
}

export function announced(sent: CheckpointFile[]): ModelSource {
  return { type: 'files', files: sent.map(({ path, sizeBytes }) => ({ path, sizeBytes })) }
}
