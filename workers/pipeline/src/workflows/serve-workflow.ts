import { serve } from './activities.ts'

/** A worker that answers completions until nobody asks any more. Requests and answers never come through here. */
export async function serveWorkflow(): Promise<void> {
  await serve.serveCompletions()
}
