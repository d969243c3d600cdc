'use client'

import type { Me } from '@temper/db/contracts'
import { LogOut } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { buttonClass } from '#components/ui/button.tsx'
import { send } from '#lib/api.ts'

/** Who is signed in, and the way out. */
export function UserMenu({ me }: { me: Me }) {
  const leave = async () => {
    await send('POST', '/v1/sign-out', {})
    // A full load: nothing that was read stays in memory.
    window.location.assign('/sign-in')
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={buttonClass('quiet', 'px-2')} aria-label={`Signed in as ${me.name}`}>
        <span className="flex size-6 items-center justify-center rounded-full bg-sunken text-xs">
          {me.name.slice(0, 1).toUpperCase()}
        </span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          className="z-40 min-w-48 rounded-md border border-line bg-surface p-1 text-sm"
        >
          <DropdownMenu.Label className="px-2 py-1.5">
            {me.name} <span className="text-muted">{me.role}</span>
          </DropdownMenu.Label>
          <DropdownMenu.Item
            onSelect={() => void leave()}
            className="flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 data-[highlighted]:bg-sunken"
          >
            <LogOut className="size-4" /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
