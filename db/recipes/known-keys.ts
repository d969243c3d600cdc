import { z } from 'zod'

type Path = readonly PropertyKey[]

/** Keys that a schema knows at `path` of `value`: of all branches of a union, or of the one that `type` names. */
export function knownKeys(schema: z.ZodType, value: unknown, path: Path): string[] {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodUnion) {
    const keys = branches(inner, value).flatMap((branch) => knownKeys(branch, value, path))
    return [...new Set(keys)]
  }
  const [key, ...rest] = path
  if (key === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
  const child = childSchema(inner, key)
  return child === undefined ? [] : knownKeys(child, childValue(value, key), rest)
}

/** Without defaults and optionality. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType)
  return schema
}

function branches(union: z.ZodUnion, value: unknown): z.ZodType[] {
  const options = union.options as z.ZodType[]
  if (!(union instanceof z.ZodDiscriminatedUnion)) return options
  const { discriminator } = union.def
  const named = options.filter((option) => {
    const tag = option instanceof z.ZodObject ? option.shape[discriminator] : undefined
    return tag instanceof z.ZodLiteral && tag.value === childValue(value, discriminator)
  })
  return named.length > 0 ? named : options
}

function childSchema(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)]
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType
  return undefined
}

function childValue(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined
}
