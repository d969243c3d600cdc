'use client'

import { useState } from 'react'
import { classNames } from '#lib/class-names.ts'

/** Longer texts are folded to some lines. */
const foldedFrom = 420

/** Text that a model wrote, with what of it is marked where `children` says so; a long one unfolds on demand. */
export function FoldedText({ text, children }: { text: string; children?: React.ReactNode }) {
  const [open, setOpen] = useState(false)
  const isLong = text.length > foldedFrom
  if (text === '') return <p className="text-muted italic">nothing</p>
  return (
    <div>
      <p className={classNames('model-text', isLong && !open ? 'line-clamp-[8]' : '')}>{children ?? text}</p>
      {isLong && (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="mt-1 text-accent text-sm hover:underline"
        >
          {open ? 'Fold' : 'Show all of it'}
        </button>
      )}
    </div>
  )
}
