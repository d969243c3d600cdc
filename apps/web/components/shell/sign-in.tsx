'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Problem } from '#components/ui/panels.tsx'
import { send } from '#lib/api.ts'
import { isTemporary } from '#lib/api-error.ts'

/**
 * Trades the token for a session. A script does it, and not the address alone, so that programs which only look at
 * links (mail scanners, chat previews) do not use a one-time link up.
 */
export function SignIn({ token }: { token: string }) {
  const [problem, setProblem] = useState<unknown>(null)
  const begun = useRef(false)
  const signIn = useCallback(() => {
    setProblem(null)
    send('POST', '/v1/sign-in', { token }).then(() => window.location.replace('/'), setProblem)
  }, [token])
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    signIn()
  }, [signIn])
  if (problem === null) return <p role="status">Signing in…</p>
  return isTemporary(problem) ? (
    <Problem title="The server does not answer">
      <p>The link was not used up.</p>
      <Button className="mt-3" onClick={signIn}>
        Try again
      </Button>
    </Problem>
  ) : (
    <Problem title="This link does not work any more">
      <p>A link works once and for a short time. Ask for another one; npm start prints one each time.</p>
    </Problem>
  )
}
