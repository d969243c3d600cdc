'use client'

import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { useMemo } from 'react'
import { classNames } from '#lib/class-names.ts'
import { type Destination, destinations, isHere } from './destinations.ts'
import { useShortcuts } from './shortcuts-provider.tsx'

/** The pages: along the top, and as tabs under the thumb on a phone. */
export function Navigation({ labelsOnly }: { labelsOnly: boolean }) {
  const pathname = usePathname()
  const router = useRouter()
  const offered = useMemo(() => destinations.filter((page) => page.forLabelers || !labelsOnly), [labelsOnly])
  const shortcuts = useMemo(
    () =>
      offered.map((page) => {
        return { keys: `g ${page.key}`, label: page.name, run: () => router.push(page.href) }
      }),
    [offered, router],
  )
  useShortcuts('Everywhere', shortcuts)
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:static md:gap-1 md:border-0 md:bg-transparent"
    >
      {offered.map((page) => (
        <NavigationLink key={page.href} page={page} here={isHere(page.href, pathname)} />
      ))}
    </nav>
  )
}

function NavigationLink({ page, here }: { page: Destination; here: boolean }) {
  const Icon = page.icon
  const look = here ? 'text-ink md:bg-sunken' : 'text-muted hover:text-ink'
  return (
    <Link
      href={page.href}
      aria-current={here ? 'page' : undefined}
      className={classNames(
        'flex min-w-0 flex-1 flex-col items-center gap-0.5 py-2 font-medium text-[11px] leading-4 tracking-tight md:tracking-normal md:block md:flex-none md:rounded-md md:px-2.5 md:py-1 md:text-sm',
        look,
      )}
    >
      <Icon aria-hidden="true" className="size-5 md:hidden" />
      {page.name}
    </Link>
  )
}
