'use client'

import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import { buttonClass } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { StageChip } from '#components/ui/stage-chip.tsx'
import { StateMark } from '#components/ui/state-mark.tsx'
import { checkpointInRun } from '#lib/checkpoint-words.ts'
import { checkpointsQuery, runsQuery } from '#lib/queries.ts'
import { destinations } from './destinations.ts'
import { useShortcuts } from './shortcuts-provider.tsx'

const itemClass =
  'flex items-center justify-between gap-3 rounded-md px-2 py-2 data-[selected=true]:bg-sunken cursor-pointer'
const groupClass =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted'

/** Any page, run or checkpoint by a few letters of its name. */
export function CommandPalette() {
  const [open, setOpen] = useState(false)
  const shortcuts = useMemo(
    () => [{ keys: 'mod+k', label: 'Find a page, run or checkpoint', run: () => setOpen((was) => !was) }],
    [],
  )
  useShortcuts('Find', shortcuts)
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} className={buttonClass('quiet', 'px-2')} aria-label="Find">
        <Search className="size-4" />
      </button>
      <Dialog title="Find" open={open} onOpenChange={setOpen}>
        <PaletteContent onLeave={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

function PaletteContent({ onLeave }: { onLeave: () => void }) {
  const router = useRouter()
  const runs = useQuery(runsQuery)
  const checkpoints = useQuery(checkpointsQuery)
  const go = (href: string) => {
    onLeave()
    router.push(href)
  }
  return (
    <Command label="Find" loop>
      <Command.Input
        placeholder="Page, run or checkpoint"
        className="mb-2 h-9 w-full rounded-md border border-line bg-page px-3"
      />
      <Command.List className="max-h-[50vh] overflow-y-auto">
        <Command.Empty className="p-4 text-muted">Nothing by that name.</Command.Empty>
        <Command.Group heading="Pages" className={groupClass}>
          <Command.Item className={itemClass} onSelect={() => go('/runs/new')}>
            New run
          </Command.Item>
          {destinations.map((page) => (
            <Command.Item key={page.href} className={itemClass} onSelect={() => go(page.href)}>
              {page.name}
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Runs" className={groupClass}>
          {runs.data?.items.map((run) => (
            <Command.Item
              key={run.id}
              value={`${run.name} ${run.id}`}
              className={itemClass}
              onSelect={() => go(`/runs/${run.id}`)}
            >
              {run.name}
              <StateMark state={run.state} />
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Checkpoints" className={groupClass}>
          {checkpoints.data?.items.map((checkpoint) => (
            <Command.Item
              key={checkpoint.id}
              value={`${checkpointInRun(checkpoint)} ${checkpoint.id}`}
              className={itemClass}
              onSelect={() => go(`/checkpoints/${checkpoint.id}`)}
            >
              {checkpointInRun(checkpoint)}
              <StageChip type={checkpoint.stageType} />
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command>
  )
}
