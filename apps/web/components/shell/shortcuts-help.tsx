import { Dialog } from '#components/ui/dialog.tsx'
import { Kbd } from '#components/ui/kbd.tsx'
import type { ShortcutGroup } from './shortcuts-provider.tsx'

/** The keys that work on this page. */
export function ShortcutsHelp({ groups, onClose }: { groups: ShortcutGroup[] | null; onClose: () => void }) {
  return (
    <Dialog title="Keys" open={groups !== null} onOpenChange={onClose}>
      {(groups ?? []).map((group) => (
        <section key={group.title} className="mb-4 last:mb-0">
          <h3 className="mb-1 text-sm font-medium text-muted">{group.title}</h3>
          <dl>
            {group.shortcuts.map((shortcut) => (
              <div key={shortcut.keys} className="flex items-center justify-between border-line border-b py-1.5">
                <dt>{shortcut.label}</dt>
                <dd>
                  <Kbd keys={shortcut.keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
