import { type CommandDef, defineCommand } from 'citty'
import { checkpoints } from './commands/checkpoints.ts'
import { datasets } from './commands/datasets.ts'
import { generate } from './commands/generate.ts'
import { keys } from './commands/keys.ts'
import { label } from './commands/label.ts'
import { login } from './commands/login.ts'
import { members } from './commands/members.ts'
import { models } from './commands/models.ts'
import { recipes } from './commands/recipes.ts'
import { runs } from './commands/runs.ts'
import { workers } from './commands/workers.ts'

export const root: CommandDef = defineCommand({
  meta: { name: 'temper', version: '0.1.0', description: 'Post-training of language models, from data to release' },
  subCommands: { login, models, datasets, recipes, runs, label, checkpoints, generate, workers, keys, members },
})
