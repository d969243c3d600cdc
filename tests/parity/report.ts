import type { Result } from './result.ts'

/** One aligned line a result, worst check and all. */
export function formatResult({ subject, section, status, deviation, tolerance, detail }: Result): string {
  const numbers = deviation === null ? '' : `${formatNumber(deviation)} of ${formatNumber(tolerance ?? 0)}`
  return `${subject.padEnd(18)} ${section.padEnd(34)} ${status.padEnd(11)} ${numbers.padEnd(20)} ${detail}`
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toExponential(1)
}

export function summarize(results: readonly Result[]) {
  const count = (status: Result['status']) => results.filter((result) => result.status === status).length
  return { passed: count('passed'), failed: count('failed'), unsupported: count('unsupported') }
}
