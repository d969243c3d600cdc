import { stageColor } from '#lib/stage-words.ts'

/** A stage type in its colour. */
export function StageChip({ type, children }: { type: string; children?: React.ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-sm whitespace-nowrap" style={{ color: stageColor(type) }}>
      <span aria-hidden="true" className="size-2 rounded-full bg-current" />
      {children ?? type}
    </span>
  )
}
