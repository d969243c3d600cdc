import { type StageSpec, stageSchema } from '@temper/db/contracts'

export interface Setting {
  key: string
  value: string
  /** Undefined where a setting has none: the recipe had to state it. */
  defaultValue: string | undefined
  about: string
}

/** The settings of a stage that are not what a recipe gets without stating them. */
export function changedSettings(stage: StageSpec): Setting[] {
  return allSettings(stage).filter((setting) => setting.value !== setting.defaultValue)
}

export function allSettings(stage: StageSpec): Setting[] {
  const schema = stageSchema.options.find((option) => option.shape.type.value === stage.type)
  const fields = Object.entries(schema?.shape ?? {}).filter(([key]) => key !== 'type')
  const values = new Map(Object.entries(stage))
  return fields.map(([key, field]) => {
    const parsed = field.safeParse(undefined)
    return {
      key,
      value: showSetting(values.get(key)),
      defaultValue: parsed.success ? showSetting(parsed.data) : undefined,
      about: field.description ?? '',
    }
  })
}

/** One line, in the order in which a document states it: the same value always reads the same. */
export function showSetting(value: unknown): string {
  if (value === undefined) return 'not set'
  if (Array.isArray(value)) return value.map(showSetting).join(', ') || 'none'
  if (typeof value === 'string' && value.includes('\n')) return `${value.trimEnd().split('\n').length} lines`
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([key, inner]) => `${key} ${showSetting(inner)}`)
    .join(', ')
}
