'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { EmptyState, Problem, Section } from '#components/ui/panels.tsx'
import { type importPageSchema, importsQuery } from '#lib/queries.ts'
import { useAddModel } from '#lib/use-add-model.ts'
import { AddModel } from './add-model.tsx'
import { ImportRow } from './import-row.tsx'

/** Where models from elsewhere are added, and what became of those before. */
export function Models({ first }: { first: z.infer<typeof importPageSchema> }) {
  const imports = useQuery({ ...importsQuery, initialData: first })
  const { isBusy, error, stopError, sent, add, stop } = useAddModel()
  const [wrongFiles, setWrongFiles] = useState<Error | null>(null)
  const problem = wrongFiles ?? error
  const { items } = imports.data
  return (
    <div className="space-y-6">
      <AddModel
        isBusy={isBusy}
        onAdd={(name, source, files) => {
          setWrongFiles(null)
          add({ name, source, files })
        }}
        onProblem={setWrongFiles}
      />
      {problem !== null && (
        <Problem title="The model was not added">{problem.message}. Nothing of it was kept.</Problem>
      )}
      {stopError !== null && (
        <Problem title="The import was not stopped">
          {stopError.message}. It is still here and may go on: press Stop again.
        </Problem>
      )}
      {imports.isError && (
        <Problem title="The list is not up to date">{imports.error.message}. It is tried again.</Problem>
      )}
      <Section title="Added" flush>
        {items.length === 0 ? (
          <EmptyState title="No models were added yet">
            A model that is added becomes a checkpoint: runs start from it, and the playground talks to it.
          </EmptyState>
        ) : (
          <ul className="divide-y divide-line">
            {items.map((item) => (
              <ImportRow key={item.id} item={item} sentBytes={sent.get(item.id)} onStop={() => stop(item.id)} />
            ))}
          </ul>
        )}
      </Section>
    </div>
  )
}
