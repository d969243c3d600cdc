import type { LucideIcon } from 'lucide-react'
import { useRef } from 'react'
import { Button } from '#components/ui/button.tsx'

interface FilePickerProps {
  label: string
  icon: LucideIcon
  disabled: boolean
  /** Whether a folder is chosen, with all that is in it. */
  folder?: boolean
  onChoose: (files: File[]) => void
}

/** A button that asks for files of this computer. */
export function FilePicker({ label, icon: Icon, disabled, folder = false, onChoose }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        accept={folder ? undefined : '.gguf'}
        {...(folder && { webkitdirectory: '' })}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          // The same file may be chosen again.
          event.target.value = ''
          if (files.length > 0) onChoose(files)
        }}
      />
      <Button disabled={disabled} onClick={() => input.current?.click()}>
        <Icon className="size-4" /> {label}
      </Button>
    </>
  )
}
