'use client'

import { RotateCcw, SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import { Button, buttonClass } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { defaultParameters, type ParameterField, type Parameters, parameterFields } from './parameters.ts'

interface ParameterDrawerProps {
  parameters: Parameters
  onChange: (parameters: Parameters) => void
}

/** How answers are sampled; each parameter can be set back alone. */
export function ParameterDrawer({ parameters, onChange }: ParameterDrawerProps) {
  const [open, setOpen] = useState(false)
  const changed = parameterFields.filter(({ name }) => parameters[name] !== defaultParameters[name]).length
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <SlidersHorizontal className="size-4" /> Parameters{changed > 0 && ` (${changed} changed)`}
      </Button>
      <Dialog title="Parameters" open={open} onOpenChange={setOpen}>
        <div className="space-y-5">
          {parameterFields.map((field) => (
            <ParameterInput
              key={field.name}
              field={field}
              value={parameters[field.name]}
              onChange={(value) => onChange({ ...parameters, [field.name]: value })}
            />
          ))}
        </div>
        <Button className="mt-5" onClick={() => onChange(defaultParameters)} disabled={changed === 0}>
          Reset all
        </Button>
      </Dialog>
    </>
  )
}

interface ParameterInputProps {
  field: ParameterField
  value: number
  onChange: (value: number) => void
}

function ParameterInput({ field, value, onChange }: ParameterInputProps) {
  const { name, label, about, min, max, step } = field
  const change = (event: React.ChangeEvent<HTMLInputElement>) => {
    const wished = event.target.valueAsNumber
    if (!Number.isNaN(wished)) onChange(Math.min(max, Math.max(min, wished)))
  }
  const input = { min, max, step, value, onChange: change }
  return (
    <div>
      <div className="flex items-center gap-2">
        <label htmlFor={`parameter-${name}`} className="flex-1 font-medium">
          {label}
        </label>
        <input
          id={`parameter-${name}`}
          type="number"
          {...input}
          className="tabular h-8 w-20 rounded-md border border-line bg-page px-2 text-right"
        />
        <button
          type="button"
          aria-label={`Reset ${label}`}
          disabled={value === defaultParameters[name]}
          onClick={() => onChange(defaultParameters[name])}
          className={buttonClass('quiet', 'px-2')}
        >
          <RotateCcw className="size-4" />
        </button>
      </div>
      <input type="range" aria-label={label} tabIndex={-1} {...input} className="w-full accent-(--accent)" />
      <p className="text-muted text-sm">{about}</p>
    </div>
  )
}
