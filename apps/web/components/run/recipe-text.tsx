import { CopyButton } from '#components/ui/copy.tsx'

/** The recipe as it was given: with the data and the seed, all it takes to get the same numbers again. */
export function RecipeText({ text }: { text: string }) {
  return (
    <div className="relative rounded-md border border-line bg-surface">
      <div className="absolute top-2 right-2">
        <CopyButton text={text} label="Copy the recipe" />
      </div>
      <pre className="overflow-x-auto p-4 font-mono text-sm">{text}</pre>
    </div>
  )
}
