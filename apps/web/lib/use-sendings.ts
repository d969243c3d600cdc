'use client'

import { createContext, useContext } from 'react'
import type { Sendings } from './sendings.ts'

/** Around all pages, so that sendings outlive each of them. */
export const SendingsContext = createContext<Sendings | null>(null)

export function useSendings(): Sendings {
  const sendings = useContext(SendingsContext)
  if (sendings === null) throw new Error('useSendings is used outside of Providers')
  return sendings
}
