'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'
import { buttonClass } from '#components/ui/button.tsx'
import { applyTheme, nextTheme, readTheme, type Theme } from '#lib/theme.ts'

const icons = { system: Monitor, light: Sun, dark: Moon }

/** Goes through system, light and dark. */
export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>('system')
  useEffect(() => setTheme(readTheme()), [])
  const Icon = icons[theme]
  const change = () => {
    const next = nextTheme(theme)
    applyTheme(next)
    setTheme(next)
  }
  const label = `Theme: ${theme}. Change to ${nextTheme(theme)}`
  return (
    <button type="button" onClick={change} aria-label={label} title={label} className={buttonClass('quiet', 'px-2')}>
      <Icon className="size-4" />
    </button>
  )
}
