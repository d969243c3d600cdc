import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatNumber,
  formatPercent,
  formatRelative,
} from './format.ts'

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1400, '1.4 kB'],
    [8_400_000, '8.4 MB'],
    [274_000_000, '274 MB'],
  ])('shows %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [860, '860'],
    [8030, '8,030'],
    [20_000, '20.0 k'],
    [2_134_400, '2.1 M'],
    [134_515_008, '135 M'],
    [8_030_261_248, '8.0 B'],
  ])('shows a count of %d as %s', (count, text) => expect(formatCount(count)).toBe(text))

  it.each([
    [0, '0'],
    [1.23456, '1.235'],
    [-0.5, '−0.5000'],
    [123.456, '123.5'],
    [0.0002, '2.00e−4'],
    [1300, '1,300'],
    [1_843_200, '1,843,200'],
    [21_948.3, '21,948'],
    [123_456.7, '1.23e5'],
    [Number.NaN, 'NaN'],
  ])('shows a metric of %d as %s', (value, text) => expect(formatNumber(value)).toBe(text))

  it.each([
    [0, '0 s'],
    [59_900, '59 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min'],
    [273_600_000, '3 d 4 h'],
  ])('shows %d ms as %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text))

  it.each([
    [59_000, '59 s'],
    [2_114_000, '35 min'],
    [7_620_000, '2 h 07 min'],
  ])('shows %d ms in short as %s', (milliseconds, text) =>
    expect(formatDuration(milliseconds, { short: true })).toBe(text),
  )

  it.each([
    [3, 'just now'],
    [45, '45 s ago'],
    [300, '5 min ago'],
    [7300, '2 h ago'],
    [90_000, 'yesterday'],
    [864_000, '10 days ago'],
    [8_640_000, '1 Jan 2026'],
  ])('shows a moment %d seconds ago as %s', (seconds, text) => {
    const then = '2026-01-01T12:00:00Z'
    expect(formatRelative(then, Date.parse(then) + seconds * 1000)).toBe(text)
  })

  it('shows the exact moment in UTC whatever the time zone of the reader', () => {
    expect(formatExact('2026-11-23T18:06:39Z')).toBe('23 Nov 2026, 18:06:39 UTC')
  })

  it('shows shares as percentages', () => {
    expect([formatPercent(0.7149), formatPercent(0.7149, 1)]).toEqual(['71 %', '71.5 %'])
  })
})
