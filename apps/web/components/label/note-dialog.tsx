import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'

interface NoteDialogProps {
  open: boolean
  note: string
  onChange: (note: string) => void
  onClose: () => void
}

/** A note that goes with the vote on this pair. */
export function NoteDialog({ open, note, onChange, onClose }: NoteDialogProps) {
  return (
    <Dialog title="Note on this pair" open={open} onOpenChange={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onClose()
        }}
      >
        <textarea
          aria-label="Note"
          value={note}
          maxLength={2000}
          rows={4}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onClose()
          }}
          className="w-full rounded-md border border-line bg-page p-2"
        />
        <div className="mt-3 flex items-center justify-between gap-2">
          <p className="text-muted text-sm">It is sent with your vote.</p>
          <Button tone="primary" type="submit">
            Keep note
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
