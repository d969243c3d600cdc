'use client'

import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { findShortcut, keyName, type Shortcut, sequenceMs } from '#lib/shortcuts.ts'
import { ShortcutsHelp } from './shortcuts-help.tsx'

export interface ShortcutGroup {
  title: string
  shortcuts: Shortcut[]
}

const RegisterContext = createContext<(group: ShortcutGroup) => () => void>(() => () => undefined)

/** Makes keys work while the component is on the page, and lists them under `?`. */
export function useShortcuts(title: string, shortcuts: Shortcut[]): void {
  const register = useContext(RegisterContext)
  useEffect(() => register({ title, shortcuts }), [register, title, shortcuts])
}

/** One listener for the whole app. Keys typed into a field, or held down, are not shortcuts. */
export function ShortcutsProvider({ children }: { children: React.ReactNode }) {
  const groups = useRef(new Set<ShortcutGroup>())
  const [help, setHelp] = useState<ShortcutGroup[] | null>(null)
  const register = useMemo(() => registerIn(groups.current), [])
  useEffect(() => {
    const showHelp = { keys: '?', label: 'Show the keys of this page', run: () => setHelp([...groups.current]) }
    const listener = keyListener(() => [...groups.current].flatMap((group) => group.shortcuts).concat(showHelp))
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
  return (
    <RegisterContext value={register}>
      {children}
      <ShortcutsHelp groups={help} onClose={() => setHelp(null)} />
    </RegisterContext>
  )
}

function registerIn(groups: Set<ShortcutGroup>) {
  return (group: ShortcutGroup) => {
    groups.add(group)
    return () => {
      groups.delete(group)
    }
  }
}

function keyListener(shortcuts: () => Shortcut[]) {
  let previous = { key: '', at: 0 }
  return (event: KeyboardEvent) => {
    if (event.repeat || event.defaultPrevented) return
    const key = keyName(event)
    const armed = event.timeStamp - previous.at < sequenceMs ? previous.key : ''
    previous = { key, at: event.timeStamp }
    const found = findShortcut(shortcuts(), armed, key)
    const isSequence = found?.keys.includes(' ') === true
    if (found === undefined || (isTaken(event.target, key) && !isSequence)) return
    event.preventDefault()
    found.run()
  }
}

/** Whether the key belongs to a field or an open window rather than to the page. */
function isTaken(target: EventTarget | null, key: string): boolean {
  if (key.startsWith('mod+')) return false
  const element = target instanceof HTMLElement ? target : null
  const isField = element?.closest('input, textarea, select, [contenteditable=true], [role=slider], [role=tablist]')
  return Boolean(isField) || document.querySelector('[role=dialog]') !== null
}
