import type { Metadata } from 'next'
import { SignIn } from '#components/shell/sign-in.tsx'

export const metadata: Metadata = { title: 'Sign in' }

/** People sign in by a one-time link; without one the page says where to get it. */
export default async function SignInPage({ searchParams }: { searchParams: Promise<{ token?: string }> }) {
  const { token } = await searchParams
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center p-6">
      <h1 className="mb-4 font-semibold text-2xl tracking-tight">Temper</h1>
      {token === undefined ? <HowToGetALink /> : <SignIn token={token} />}
    </main>
  )
}

function HowToGetALink() {
  return (
    <div className="space-y-3">
      <p>You sign in with a one-time link.</p>
      <p className="text-muted">
        On your own machine it is printed by <code className="font-mono text-sm text-ink">npm start</code>; on a shared
        installation its owner sends you one.
      </p>
      <p className="text-muted">A link works once. If yours was used, ask for the next one.</p>
    </div>
  )
}
