/** Statistics on votes, on plain arrays in float64. */
export * from './agreement.ts'
export * from './bradley-terry-strengths.ts'
