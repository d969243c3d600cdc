'use client'

import { Button } from '#components/ui/button.tsx'
import { Problem } from '#components/ui/panels.tsx'

/** A page that could not be read or drawn. */
export default function ErrorPage({ error, retry }: { error: Error & { digest?: string }; retry: () => void }) {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <h1 className="mb-4 font-semibold text-xl">This page could not be shown</h1>
      <Problem title="Nothing is lost">
        <p>
          Runs go on and votes are kept: the pages only show them. Most often the API is starting or has stopped; its
          terminal says more.
        </p>
        <p className="mt-2 font-mono text-muted text-xs">{error.digest ?? error.message}</p>
        <Button className="mt-3" onClick={retry}>
          Try again
        </Button>
      </Problem>
    </main>
  )
}
