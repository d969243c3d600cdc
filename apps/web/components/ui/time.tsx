'use client'

import { useEffect, useState } from 'react'
import { formatDuration, formatExact, formatRelative } from '#lib/format.ts'

/** The time, again every `everyMs` while `running`. */
function useNow(everyMs: number, running = true): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, running])
  return now
}

/** How long ago; the exact moment on hover. Server and browser may differ by a moment, which is no error. */
export function RelativeTime({ iso }: { iso: string }) {
  const now = useNow(10_000)
  return (
    <time dateTime={iso} title={formatExact(iso)} className="tabular whitespace-nowrap" suppressHydrationWarning>
      {formatRelative(iso, now)}
    </time>
  )
}

interface ElapsedProps {
  from: string | null
  to: string | null
  /** Without the seconds of minutes, where room is scarce. */
  short?: boolean
}

/** Time from a start to an end, or to now while there is no end. */
export function Elapsed({ from, to, short = false }: ElapsedProps) {
  const now = useNow(1000, from !== null && to === null)
  if (from === null) return <span className="text-muted">–</span>
  const end = to === null ? now : Date.parse(to)
  return (
    <span title={`since ${formatExact(from)}`} className="tabular whitespace-nowrap" suppressHydrationWarning>
      {formatDuration(end - Date.parse(from), { short })}
    </span>
  )
}
