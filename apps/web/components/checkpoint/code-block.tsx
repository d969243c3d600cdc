import { CopyButton } from '#components/ui/copy.tsx'

/** Lines to copy. */
export function CodeBlock({ title, code }: { title: string; code: string }) {
  return (
    <figure className="border-line border-b last:border-b-0">
      <figcaption className="flex items-center justify-between py-1 pr-1 pl-4 text-muted text-sm">
        {title}
        <CopyButton text={code} label={`Copy: ${title}`} />
      </figcaption>
      <pre className="overflow-x-auto px-4 pb-3 font-mono text-sm">{code}</pre>
    </figure>
  )
}
