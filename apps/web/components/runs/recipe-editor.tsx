import type { RecipeProblem } from '@temper/db/contracts'
import { type Ref, useRef } from 'react'
import { classNames } from '#lib/class-names.ts'

interface RecipeEditorProps {
  text: string
  onChange: (text: string) => void
  problems: RecipeProblem[]
  ref: Ref<HTMLTextAreaElement>
}

const lineHeightPx = 20

/** A plain text field with line numbers, on which lines with a problem are marked. It grows with the text. */
export function RecipeEditor({ text, onChange, problems, ref }: RecipeEditorProps) {
  const numbers = useRef<HTMLOListElement>(null)
  const wrong = new Set(problems.map((problem) => problem.line))
  const lines = text.split('\n').length
  const height = Math.min(32, Math.max(12, lines + 1)) * lineHeightPx + 16
  return (
    <div className="flex overflow-hidden rounded-md font-mono text-sm" style={{ height }}>
      <ol
        ref={numbers}
        aria-hidden="true"
        className="w-12 shrink-0 overflow-hidden bg-sunken py-2 text-right text-muted"
      >
        {Array.from({ length: lines }, (_, index) => index + 1).map((line) => (
          <li
            key={line}
            className={classNames('h-5 pr-2', wrong.has(line) && 'bg-danger font-semibold text-(--surface)')}
          >
            {line}
          </li>
        ))}
      </ol>
      <textarea
        ref={ref}
        aria-label="Recipe as YAML"
        aria-invalid={problems.length > 0}
        aria-describedby="recipe-problems"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => numbers.current?.scrollTo({ top: event.currentTarget.scrollTop })}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        className="h-full min-w-0 flex-1 resize-none bg-transparent px-3 py-2 leading-5 outline-offset-[-2px]"
      />
    </div>
  )
}
