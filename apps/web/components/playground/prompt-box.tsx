import { Send, Square } from 'lucide-react'
import { Button } from '#components/ui/button.tsx'

interface PromptBoxProps {
  prompt: string
  onChange: (prompt: string) => void
  running: boolean
  onAsk: () => void
  onStop: () => void
  drawer: React.ReactNode
}

/** The prompt. Enter asks, Shift and Enter begins a new line. */
export function PromptBox({ prompt, onChange, running, onAsk, onStop, drawer }: PromptBoxProps) {
  const canAsk = prompt.trim() !== '' && !running
  return (
    <form
      className="rounded-md border border-line bg-surface p-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (canAsk) onAsk()
      }}
    >
      <textarea
        aria-label="Prompt"
        placeholder="Write a story about a fox and a key."
        value={prompt}
        rows={3}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault()
            if (canAsk) onAsk()
          }
        }}
        className="model-text block w-full max-w-none resize-y bg-transparent p-1 placeholder:text-muted"
      />
      <div className="mt-2 flex items-center justify-between gap-2">
        {drawer}
        {/* Two elements, told apart by their keys: one that became the submit button inside its own click would ask again. */}
        {running ? (
          <Button key="stop" onClick={onStop} className="w-24">
            <Square className="size-3.5" /> Stop
          </Button>
        ) : (
          <Button key="ask" type="submit" tone="primary" disabled={!canAsk} className="w-24">
            <Send className="size-4" /> Ask
          </Button>
        )}
      </div>
    </form>
  )
}
