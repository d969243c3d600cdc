import type { Recipe } from '@temper/db/contracts'
import { EmptyState } from '#components/ui/panels.tsx'
import { allSettings, changedSettings, type Setting } from '#lib/stage-settings.ts'

/** Settings that the recipe states otherwise than the default; the rest on demand. */
export function StageSettings({ recipe, stage }: { recipe: Recipe; stage: string }) {
  const spec = recipe.stages[stage]
  if (spec === undefined) return <EmptyState title="No settings">The recipe does not name this stage.</EmptyState>
  const changed = changedSettings(spec)
  const rest = allSettings(spec).filter(({ key }) => !changed.some((setting) => setting.key === key))
  return (
    <div className="space-y-4">
      {changed.length === 0 ? <p>Every setting is at its default.</p> : <SettingTable settings={changed} withDefault />}
      <details className="rounded-md border border-line bg-surface">
        <summary className="px-4 py-2">{rest.length} settings at their defaults</summary>
        <SettingTable settings={rest} />
      </details>
    </div>
  )
}

function SettingTable({ settings, withDefault = false }: { settings: Setting[]; withDefault?: boolean }) {
  return (
    <div className="overflow-x-auto rounded-md border border-line bg-surface">
      <table className="w-full text-sm">
        <thead className="bg-sunken text-left">
          <tr>
            <th className="px-4 py-1.5 font-medium">Setting</th>
            <th className="px-4 py-1.5 font-medium">Value</th>
            {withDefault && <th className="px-4 py-1.5 font-medium">Default</th>}
            <th className="px-4 py-1.5 font-medium max-md:hidden">What it is</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {settings.map((setting) => (
            <tr key={setting.key}>
              <th scope="row" className="px-4 py-1.5 text-left align-top font-mono font-normal">
                {setting.key}
              </th>
              <td className="px-4 py-1.5 align-top font-mono [overflow-wrap:anywhere]">{setting.value}</td>
              {withDefault && (
                <td className="px-4 py-1.5 align-top font-mono text-muted">{setting.defaultValue ?? 'none'}</td>
              )}
              <td className="px-4 py-1.5 align-top text-muted max-md:hidden">{setting.about}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
