'use client'

import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { EmptyState, Problem, Section } from '#components/ui/panels.tsx'
import { type importPageSchema, importsQuery } from '#lib/queries.ts'
import { useAddModel } from '#lib/use-add-model.ts'
import { AddModel } from './add-model.tsx'
import { ImportRow } from './import-row.tsx'

/** Where models from elsewhere are added, and what became of those before. */
export function Models({ first }: { first: z.infer<typeof importPageSchema> }) {
  const imports = useQuery({ ...importsQuery, initialData: first })
  const { isBusy, error, sent, add, stop, fail } = useAddModel()
  const { items } = imports.data
  return (
    <div className="space-y-6">
      <AddModel isBusy={isBusy} onAdd={(...model) => void add(...model)} onProblem={fail} />
      {error !== null && <Problem title="The model was not added">{error.message}. Nothing of it was kept.</Problem>}
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
              <ImportRow key={item.id} item={item} sentBytes={sent.get(item.id)} onStop={() => void stop(item.id)} />
            ))}
          </ul>
        )}
      </Section>
    </div>
  )
}
