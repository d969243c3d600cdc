'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { newId, type RecipeReport, recipeReportSchema, runSchema, type ShippedRecipe } from '@temper/db/contracts'
import { useRouter } from 'next/navigation'
import { useRef, useState } from 'react'
import { StageGraph } from '#components/run/stage-graph.tsx'
import { Button } from '#components/ui/button.tsx'
import { Problem, Section } from '#components/ui/panels.tsx'
import { send } from '#lib/api.ts'
import { useSettled } from '#lib/use-settled.ts'
import { RecipeEditor } from './recipe-editor.tsx'
import { RecipePicker } from './recipe-picker.tsx'
import { RecipeProblems } from './recipe-problems.tsx'

/** Choose a recipe, change what you like, see at once whether it holds, start it. */
export function NewRun({ recipes }: { recipes: ShippedRecipe[] }) {
  const [text, setText] = useState(recipes[0]?.text ?? '')
  const editor = useRef<HTMLTextAreaElement>(null)
  const report = useReport(text)
  const start = useStart()
  return (
    <div className="grid gap-6 lg:grid-cols-[280px_minmax(0,1fr)]">
      <RecipePicker recipes={recipes} text={text} onChoose={setText} />
      <div className="min-w-0 space-y-6">
        <Section title="Recipe" flush aside={<Verdict text={text} report={report.data} error={report.error} />}>
          <RecipeEditor ref={editor} text={text} onChange={setText} problems={report.data?.errors ?? []} />
        </Section>
        <RecipeProblems problems={report.data?.errors ?? []} warnings={report.data?.warnings ?? []} editor={editor} />
        {start.isError && (
          <Problem title="The run was not started">{start.error.message}. Nothing was stored or spent.</Problem>
        )}
        <Button
          tone="primary"
          className="h-10 px-5"
          disabled={report.data?.valid !== true || start.isPending || start.isSuccess}
          onClick={() => start.mutate(text)}
        >
          {start.isPending || start.isSuccess ? 'Starting…' : 'Start run'}
        </Button>
        <Section title="Stages">
          {report.data?.valid ? (
            <StageGraph stages={report.data.stages} />
          ) : (
            <p className="text-muted">The stages are drawn here once the recipe is valid.</p>
          )}
        </Section>
      </div>
    </div>
  )
}

/** What the API says about the text; the last answer stays while the next one is on its way. */
function useReport(text: string) {
  const settled = useSettled(text, 300)
  return useQuery({
    queryKey: ['recipe-report', settled],
    queryFn: async () =>
      recipeReportSchema.parse(await (await send('POST', '/v1/recipes/validate', { recipe: settled })).json()),
    enabled: settled.trim() !== '',
    placeholderData: (previous: RecipeReport | undefined) => previous,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

function useStart() {
  const router = useRouter()
  // One key for each text: a second attempt after a lost answer starts no second run.
  const attempt = useRef({ recipe: '', key: '' })
  return useMutation({
    mutationFn: async (recipe: string) => {
      if (attempt.current.recipe !== recipe) attempt.current = { recipe, key: newId('run') }
      return runSchema.parse(await (await send('POST', '/v1/runs', { recipe }, attempt.current.key)).json())
    },
    onSuccess: (run) => router.push(`/runs/${run.id}`),
  })
}

function Verdict({ text, report, error }: { text: string; report: RecipeReport | undefined; error: Error | null }) {
  const words = () => {
    if (text.trim() === '') return 'Empty'
    if (error !== null) return `Not checked: ${error.message}`
    if (report === undefined) return 'Checking…'
    if (report.valid) return `Valid, ${report.stages.length} stages`
    return report.errors.length === 1 ? '1 problem' : `${report.errors.length} problems`
  }
  return (
    <p role="status" className={report?.valid === false ? 'text-danger' : 'text-muted'}>
      {words()}
    </p>
  )
}
