/** Numbers and times as people read them. The exact value belongs in a `title` beside each. */

const locale = 'en-GB'
const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `1.4 MB`; decimal units. */
export function formatBytes(bytes: number): string {
  const exponent = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** exponent
  return `${value.toFixed(exponent === 0 || value >= 100 ? 0 : 1)} ${units[exponent]}`
}

/** `2.1 M`, `135 M`, `8,030`. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 10_000) return count.toLocaleString(locale)
  const [scale, unit] = Math.abs(count) >= 1e9 ? [1e9, 'B'] : Math.abs(count) >= 1e6 ? [1e6, 'M'] : [1e3, 'k']
  const value = count / scale
  return `${value.toFixed(value >= 100 ? 0 : 1)} ${unit}`
}

/** A metric: whole numbers whole, else four significant digits, powers of ten outside 0.001 to 100,000. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  if (!Number.isFinite(value)) return String(value)
  if (Number.isSafeInteger(value)) return value.toLocaleString(locale).replace('-', '−')
  const size = Math.abs(value)
  if (size < 0.001 || size >= 100_000) return value.toExponential(2).replace('e+', 'e').replace('-', '−')
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)))
  const text = size >= 10_000 ? Math.round(value).toLocaleString(locale) : value.toFixed(Math.min(decimals, 4))
  return text.replace('-', '−')
}

export function formatPercent(share: number, decimals = 0): string {
  return `${(share * 100).toFixed(decimals)} %`
}

/** `48 s`, `3 min 05 s` (where it is `short`, `3 min`), `2 h 07 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number, { short = false } = {}): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const two = (value: number) => String(value).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${short ? '' : ` ${two(seconds % 60)} s`}`
  const hours = Math.floor(seconds / 3600)
  if (hours < 48) return `${hours} h ${two(Math.floor((seconds % 3600) / 60))} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `just now`, `4 min ago`, `yesterday`, and a date past a month. */
export function formatRelative(iso: string, now: number): string {
  const seconds = Math.round((now - Date.parse(iso)) / 1000)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  const days = Math.floor(seconds / 86_400)
  if (days < 30) return days === 1 ? 'yesterday' : `${days} days ago`
  return new Date(iso).toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
}

/** `23 Nov 2026, 18:06:39 UTC`. */
export function formatExact(iso: string): string {
  const text = new Date(iso).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })
  return `${text} UTC`
}
