import { creation, own } from './creation.ts'
import { elementwise } from './elementwise.ts'
import { grouped } from './grouped.ts'
import { indexing } from './indexing.ts'
import type { KernelTable } from './kernel.ts'
import { layout } from './layout.ts'
import { products } from './products.ts'
import { reductions } from './reductions.ts'

/** Every tfjs kernel that can be traced, by its tfjs name. */
export const kernels: KernelTable = {
  ...elementwise,
  ...reductions,
  ...products,
  ...grouped,
  ...layout,
  ...indexing,
  ...creation,
  ...own,
}
