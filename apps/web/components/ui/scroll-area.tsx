import { classNames } from '#lib/class-names.ts'

/** What is wider than the page scrolls by itself, by keyboard too. */
export function ScrollArea(props: { label: string; className?: string; children: React.ReactNode }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={props.label}
      className={classNames('overflow-x-auto outline-offset-[-2px]', props.className)}
    >
      {props.children}
    </section>
  )
}
