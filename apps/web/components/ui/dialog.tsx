'use client'

import { X } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import { buttonClass } from './button.tsx'

interface DialogProps {
  title: string
  open: boolean
  onOpenChange: (open: boolean) => void
  children: React.ReactNode
}

/** A modal window: takes the focus, gives it back, closes with Escape. */
export function Dialog({ title, open, onOpenChange, children }: DialogProps) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Primitive.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 max-h-[76vh] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 overflow-y-auto rounded-md border border-line bg-surface p-4"
        >
          <Primitive.Title className="mb-3 font-semibold text-lg leading-8">{title}</Primitive.Title>
          {children}
          {/* Last, so that the focus begins in what the window is for. */}
          <Primitive.Close className={buttonClass('quiet', 'absolute top-4 right-4 px-2')} aria-label="Close">
            <X className="size-4" />
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}
