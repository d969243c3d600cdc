import { builtinModels, type ModelSource, nameFrom, parseModelSource } from '@temper/db/contracts'
import { FileUp, FolderUp } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/panels.tsx'
import { chooseModelFiles } from '#lib/send-model.ts'
import { FilePicker } from './file-picker.tsx'

interface AddModelProps {
  isBusy: boolean
  onAdd: (name: string, source: ModelSource, files: readonly File[]) => void
  onProblem: (error: Error) => void
}

/** A repository, a short name, or files of this computer. */
export function AddModel({ isBusy, onAdd, onProblem }: AddModelProps) {
  const [text, setText] = useState('')
  const [revision, setRevision] = useState('')
  const [name, setName] = useState('')
  const source = parseModelSource(text.trim(), revision.trim() || undefined)
  const nameOf = (called: string) => name.trim() || nameFrom(called)
  const addFiles = (files: File[]) => {
    const called = files[0]?.webkitRelativePath.split('/')[0] || files[0]?.name.replace(/\.gguf$/, '') || 'model'
    chooseModelFiles(files).then((chosen) => onAdd(nameOf(called), chosen.source, chosen.files), onProblem)
  }
  return (
    <Section title="Add a model">
      <form
        className="grid gap-3 md:grid-cols-[2fr_1fr_1fr_auto] md:items-end"
        onSubmit={(event) => {
          event.preventDefault()
          const called = text.trim().split('/').at(-1) ?? ''
          if (source) onAdd(nameOf(called.replace(/\.gguf$/, '')), source, [])
        }}
      >
        <TextField
          label="Repository on a Hugging Face Hub"
          placeholder="owner/name or owner/name/file.gguf"
          value={text}
          onChange={setText}
        />
        <TextField label="Revision" placeholder="main" value={revision} onChange={setRevision} />
        <TextField label="Name here" placeholder="from the source" value={name} onChange={setName} />
        <Button type="submit" tone="primary" disabled={isBusy || source === undefined}>
          Add
        </Button>
      </form>
      <div className="mt-4 flex flex-wrap items-center gap-2">
        <span className="text-muted">or</span>
        {builtinModels.map((model) => (
          <Button
            key={model}
            disabled={isBusy}
            onClick={() => onAdd(nameOf(model), { type: 'builtin', name: model }, [])}
          >
            {model}
          </Button>
        ))}
        <FilePicker label="Choose a folder" folder disabled={isBusy} icon={FolderUp} onChoose={addFiles} />
        <FilePicker label="Choose a .gguf file" disabled={isBusy} icon={FileUp} onChoose={addFiles} />
      </div>
      <p className="mt-3 max-w-prose text-muted text-sm">
        Folders hold config.json, safetensors and tokenizer files. Weights are checked while they are read; nothing of a
        model that is refused is kept.
      </p>
    </Section>
  )
}

interface TextFieldProps {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
}

function TextField({ label, placeholder, value, onChange }: TextFieldProps) {
  return (
    <label className="block">
      <span className="mb-1 block text-muted text-xs">{label}</span>
      <input
        value={value}
        placeholder={placeholder}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 w-full rounded-md border border-line bg-page px-2"
      />
    </label>
  )
}
