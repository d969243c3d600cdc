import { readFileSync, writeFileSync } from 'node:fs'

/** What this process holds now and held at most, in bytes. Linux only. */
export function residentBytes(): { now: number; peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8')
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return { now: 1024 * kibibytes('VmRSS'), peak: 1024 * kibibytes('VmHWM') }
}

/** Makes what is held now the most that was held. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}
