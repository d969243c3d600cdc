import type { Me } from '@temper/db/contracts'
import Link from 'next/link'
import { CommandPalette } from './command-palette.tsx'
import { Navigation } from './navigation.tsx'
import { ShortcutsProvider } from './shortcuts-provider.tsx'
import { ThemeToggle } from './theme-toggle.tsx'
import { UserMenu } from './user-menu.tsx'

/** What surrounds every page of someone who is signed in. */
export function AppShell({ me, children }: { me: Me; children: React.ReactNode }) {
  const labelsOnly = !me.scopes.includes('read')
  return (
    <ShortcutsProvider>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-surface focus:p-2">
        Skip to the content
      </a>
      <header className="border-line border-b bg-surface">
        <div className="mx-auto flex h-12 max-w-[1280px] items-center gap-6 px-4 md:px-6">
          <Logo />
          <Navigation labelsOnly={labelsOnly} />
          <div className="ml-auto flex items-center">
            {!labelsOnly && <CommandPalette />}
            <ThemeToggle />
            <UserMenu me={me} />
          </div>
        </div>
      </header>
      <main id="main" className="mx-auto max-w-[1280px] px-4 pt-6 pb-28 md:px-6 md:pb-16">
        {children}
      </main>
    </ShortcutsProvider>
  )
}

const temperColors = ['pretrain', 'sft', 'preferences', 'reward', 'ppo', 'dpo', 'evaluate']

/** The colours that steel runs through as it is tempered. */
function Logo() {
  return (
    <Link href="/" className="flex items-center gap-2 font-semibold text-lg tracking-tight">
      <span aria-hidden="true" className="flex overflow-hidden rounded-sm">
        {temperColors.map((color) => (
          <span key={color} className="h-4 w-[3px]" style={{ background: `var(--${color})` }} />
        ))}
      </span>
      Temper
    </Link>
  )
}
