'use client'

import { useState } from 'react'
import { classNames } from '#lib/class-names.ts'
import { useIsCut } from '#lib/use-is-cut.ts'

/** Text that a model wrote, with what of it is marked where `children` says so; of a long one, all lines on demand. */
export function FoldedText({ text, children }: { text: string; children?: React.ReactNode }) {
  const [open, setOpen] = useState(false)
  const [measure, isCut] = useIsCut()
  if (text === '') return <p className="text-muted italic">nothing</p>
  return (
    <div>
      {/* Another element for another text: one of the same size would not be measured again. */}
      <p key={text} ref={measure} className={classNames('model-text', open ? '' : 'line-clamp-[8]')}>
        {children ?? text}
      </p>
      {(isCut || open) && (
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
