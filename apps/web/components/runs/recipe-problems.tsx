import type { RecipeProblem } from '@temper/db/contracts'
import type { RefObject } from 'react'
import { classNames } from '#lib/class-names.ts'

interface RecipeProblemsProps {
  problems: RecipeProblem[]
  /** Allowed, but probably not meant. */
  warnings: RecipeProblem[]
  editor: RefObject<HTMLTextAreaElement | null>
}

/** What is wrong and where; a click goes to the place. */
export function RecipeProblems({ problems, warnings, editor }: RecipeProblemsProps) {
  return (
    <ul id="recipe-problems" aria-live="polite" className="space-y-2 empty:hidden">
      {problems.map((problem) => (
        <ProblemItem key={keyOf(problem)} problem={problem} editor={editor} />
      ))}
      {warnings.map((warning) => (
        <ProblemItem key={keyOf(warning)} problem={warning} editor={editor} isWarning />
      ))}
    </ul>
  )
}

const keyOf = ({ line, column, message }: RecipeProblem) => `${line}:${column}:${message}`

interface ProblemItemProps {
  problem: RecipeProblem
  editor: RecipeProblemsProps['editor']
  isWarning?: boolean
}

function ProblemItem({ problem, editor, isWarning = false }: ProblemItemProps) {
  return (
    <li>
      <button
        type="button"
        onClick={() => editor.current && goTo(editor.current, problem)}
        className={classNames(
          'w-full rounded-md border border-line border-l-4 bg-surface px-3 py-2 text-left',
          isWarning ? 'border-l-line-strong' : 'border-l-danger',
        )}
      >
        {problem.line !== null && (
          <span className="tabular mr-2 font-mono text-muted text-sm">
            line {problem.line}
            {problem.column !== null && `:${problem.column}`}
          </span>
        )}
        {isWarning && 'Warning: '}
        {problem.message}
        {problem.nearest !== null && (
          <span className="text-muted">
            {' '}
            Did you mean <code className="font-mono text-ink">{problem.nearest}</code>?
          </span>
        )}
      </button>
    </li>
  )
}

function goTo(editor: HTMLTextAreaElement, { line, column }: RecipeProblem): void {
  const before = editor.value.split('\n').slice(0, (line ?? 1) - 1)
  const offset = before.reduce((sum, text) => sum + text.length + 1, 0) + (column ?? 1) - 1
  editor.focus()
  editor.setSelectionRange(offset, offset)
  editor.scrollTop = Math.max(0, before.length - 5) * 20
}
