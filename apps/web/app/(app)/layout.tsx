import { meSchema } from '@temper/db/contracts'
import { AppShell } from '#components/shell/app-shell.tsx'
import { readOnServer } from '#lib/server-api.ts'

/** Everything behind the sign-in. */
export default async function SignedInLayout({ children }: { children: React.ReactNode }) {
  const me = await readOnServer('/v1/me', meSchema)
  return <AppShell me={me}>{children}</AppShell>
}
