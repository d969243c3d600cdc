import Link from 'next/link'
import { buttonClass } from '#components/ui/button.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <h1 className="font-semibold text-xl">There is nothing at this address</h1>
      <p className="mt-2 mb-4 text-muted">The id may be mistyped, or the run or checkpoint was removed.</p>
      <Link href="/" className={buttonClass()}>
        Go to the overview
      </Link>
    </main>
  )
}
