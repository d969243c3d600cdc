import { z } from 'zod'
import {
  adaptiveKlSchema,
  loraSchema,
  modelSchema,
  recipeSchema,
  rewardFunctionSourceSchema,
  rewardModelSourceSchema,
  samplingSchema,
  simulatedLabelersSchema,
  stageSchema,
} from '../contracts/index.ts'
import { unwrap } from './known-keys.ts'

/** Every setting of a recipe as Markdown tables, from the schemas that check it: part of docs/recipes.md. */
export function settingTables(): string {
  const [, newModel] = modelSchema.options
  const stages = stageSchema.options.map((stage) => section(`Stage \`${stage.shape.type.value}\``, stage))
  return [
    section('The recipe', recipeSchema),
    section('`model`, new with random weights', newModel),
    section('`tokenizer`, of type bpe', newModel.shape.tokenizer),
    ...stages,
    section('`lora`', loraSchema),
    section('`rewards`, a reward model', rewardModelSourceSchema),
    section('`rewards`, a function', rewardFunctionSourceSchema),
    section('`adaptiveKl`', adaptiveKlSchema),
    section('`sampling`', samplingSchema),
    section('`simulated`', simulatedLabelersSchema),
  ].join('\n')
}

function section(title: string, schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape)
    .filter(([key]) => key !== 'type')
    .map(([key, setting]) => row(key, setting as z.ZodType))
  return [`### ${title}\n`, '| key | value | default | |', '|---|---|---|---|', ...rows, ''].join('\n')
}

function row(key: string, setting: z.ZodType): string {
  const about = setting.description ?? unwrap(setting).description ?? ''
  return `| \`${key}\` | ${kindOfValue(setting)} | ${defaultOf(setting)} | ${about.replace(/\|/g, '\\|')} |`
}

function defaultOf(setting: z.ZodType): string {
  if (setting instanceof z.ZodOptional) return ''
  if (!(setting instanceof z.ZodDefault)) return '**required**'
  const value: unknown = setting.def.defaultValue
  if (value === '') return ''
  const isWord = typeof value !== 'object'
  return isWord ? `\`${String(value)}\`` : `\`${JSON.stringify(value).replace(/"/g, '')}\``
}

function kindOfValue(setting: z.ZodType): string {
  const inner = unwrap(setting)
  if (inner instanceof z.ZodEnum) return inner.options.join(', ')
  if (inner instanceof z.ZodLiteral) return String(inner.value)
  if (inner instanceof z.ZodNumber) return inner.isInt ? 'whole number' : 'number'
  if (inner instanceof z.ZodBoolean) return 'true, false'
  if (inner instanceof z.ZodArray) return 'list'
  if (inner instanceof z.ZodUnion) return [...new Set((inner.options as z.ZodType[]).map(kindOfValue))].join(' or ')
  if (inner instanceof z.ZodString) return 'text'
  return 'settings'
}
