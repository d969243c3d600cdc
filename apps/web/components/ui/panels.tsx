import { classNames } from '#lib/class-names.ts'

/** A bordered part of a page with a heading. */
export function Section(props: { title: string; aside?: React.ReactNode; flush?: boolean; children: React.ReactNode }) {
  return (
    <section aria-label={props.title} className="min-w-0">
      <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <h2 className="text-lg font-semibold">{props.title}</h2>
        {props.aside}
      </div>
      <div className={classNames('rounded-md border border-line bg-surface', props.flush ? 'overflow-hidden' : 'p-4')}>
        {props.children}
      </div>
    </section>
  )
}

/** Where a list has nothing: what it will hold, and what to do. */
export function EmptyState({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-2 p-4">
      <p className="font-medium">{title}</p>
      <div className="max-w-prose text-muted">{children}</div>
    </div>
  )
}

/** What happened, whether anything was lost, and the next step. */
export function Problem({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <div role="alert" className="rounded-md border border-danger bg-surface p-4">
      <p className="font-medium text-danger">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-prose">{children}</div>}
    </div>
  )
}
