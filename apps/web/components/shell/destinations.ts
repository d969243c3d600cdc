import { Box, Gauge, type LucideIcon, MessagesSquare, PackagePlus, ThumbsUp, Workflow } from 'lucide-react'

export interface Destination {
  href: string
  name: string
  icon: LucideIcon
  /** Second key after `g`. */
  key: string
  /** Whether a labeler may go there, who sees comparisons and nothing else. */
  forLabelers: boolean
}

export const destinations: Destination[] = [
  { href: '/', name: 'Overview', icon: Gauge, key: 'o', forLabelers: false },
  { href: '/runs', name: 'Runs', icon: Workflow, key: 'r', forLabelers: false },
  { href: '/label', name: 'Label', icon: ThumbsUp, key: 'l', forLabelers: true },
  { href: '/checkpoints', name: 'Checkpoints', icon: Box, key: 'c', forLabelers: false },
  { href: '/models', name: 'Models', icon: PackagePlus, key: 'm', forLabelers: false },
  { href: '/playground', name: 'Playground', icon: MessagesSquare, key: 'p', forLabelers: false },
]

export function isHere(href: string, pathname: string): boolean {
  return href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`)
}
