import type { ComponentProps } from 'react'
import { classNames } from '#lib/class-names.ts'

export type ButtonTone = 'primary' | 'secondary' | 'quiet' | 'danger'

const tones: Record<ButtonTone, string> = {
  primary: 'bg-accent text-accent-ink border-transparent hover:opacity-90',
  secondary: 'bg-surface text-ink border-line hover:border-line-strong',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-sunken hover:text-ink',
  danger: 'bg-surface text-danger border-line hover:border-danger',
}

/** The look of a button, for links that act as one. */
export function buttonClass(tone: ButtonTone = 'secondary', extra = ''): string {
  const base =
    'inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border px-3 text-sm font-medium whitespace-nowrap disabled:opacity-50 disabled:cursor-not-allowed'
  return classNames(base, tones[tone], extra)
}

export function Button({ tone, className, ...rest }: ComponentProps<'button'> & { tone?: ButtonTone }) {
  return <button type="button" className={buttonClass(tone, className)} {...rest} />
}
