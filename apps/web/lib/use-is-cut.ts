'use client'

import { useCallback, useState } from 'react'

/** Whether lines of an element do not fit in it, however wide it becomes. The first value is the `ref` of the element. */
export function useIsCut(): [React.RefCallback<HTMLElement>, boolean] {
  const [isCut, setIsCut] = useState(false)
  const observe = useCallback((element: HTMLElement | null) => {
    if (element === null) return
    // A pixel: heights are rounded.
    const observer = new ResizeObserver(() => setIsCut(element.scrollHeight > element.clientHeight + 1))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [observe, isCut]
}
