'use client'

import { Check, Copy as CopyIcon } from 'lucide-react'
import { useState } from 'react'
import { buttonClass } from './button.tsx'

type Outcome = 'idle' | 'copied' | 'failed'

function useCopy(text: string): [Outcome, () => void] {
  const [outcome, setOutcome] = useState<Outcome>('idle')
  const settle = (result: Outcome) => {
    setOutcome(result)
    setTimeout(() => setOutcome('idle'), 1500)
  }
  // A page served without TLS from another machine has no clipboard.
  const copy = () => {
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))
    written.then(
      () => settle('copied'),
      () => settle('failed'),
    )
  }
  return [outcome, copy]
}

const words: Record<Outcome, string> = { idle: '', copied: 'Copied', failed: 'Not copied: select the text instead' }

/** An id that a click copies. */
export function CopyId({ id }: { id: string }) {
  const [outcome, copy] = useCopy(id)
  return (
    <button type="button" onClick={copy} title={`Copy ${id}`} className="font-mono text-xs text-muted hover:text-ink">
      <span className="break-all">{id}</span>
      <span role="status" className="ml-2 font-sans">
        {words[outcome]}
      </span>
    </button>
  )
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [outcome, copy] = useCopy(text)
  return (
    <button type="button" onClick={copy} className={buttonClass('quiet', 'px-2')} aria-label={label}>
      {outcome === 'copied' ? <Check className="size-4" /> : <CopyIcon className="size-4" />}
      <span role="status" className={outcome === 'failed' ? '' : 'sr-only'}>
        {words[outcome]}
      </span>
    </button>
  )
}
