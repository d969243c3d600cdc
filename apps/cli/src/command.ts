import { TemperError } from '@temper/db/contracts'
import { type ArgsDef, defineCommand, type ParsedArgs, type SubCommandsDef } from 'citty'
import { ApiClient } from './api/client.ts'
import { findConnection, readEnvironment } from './connection.ts'
import { createOutput, type Output } from './output.ts'

const common = { json: { type: 'boolean', description: 'One JSON document a line instead of words' } } as const

/** A command whatever its options. */
export type Command = SubCommandsDef[string]

export interface Context<A extends ArgsDef> {
  args: ParsedArgs<A & typeof common>
  out: Output
  /** Connects at the first use. */
  api: ApiClient
}

/** A command with `--json`, a connection, and no tolerance for options that it does not know. */
export function command<const A extends ArgsDef>(
  description: string,
  args: A,
  run: (context: Context<A>) => Promise<void>,
): Command {
  const definitions = { ...args, ...common }
  return defineCommand({
    meta: { description },
    args: definitions,
    async run({ args: given, rawArgs }) {
      refuseUnknown(rawArgs, Object.keys(definitions))
      const out = createOutput(given.json === true)
      await run({
        args: given,
        out,
        get api() {
          return new ApiClient(findConnection(readEnvironment(process.env), process.cwd()))
        },
      })
    },
  })
}

/** A group of commands. */
export function group(name: string, description: string, subCommands: SubCommandsDef): Command {
  return defineCommand({ meta: { name, description }, subCommands })
}

/** A misspelt option would otherwise be taken for nothing. */
function refuseUnknown(rawArgs: string[], known: string[]): void {
  const options = rawArgs.slice(0, rawArgs.includes('--') ? rawArgs.indexOf('--') : undefined)
  for (const argument of options) {
    const name = argument.match(/^--(?:no-)?([^=]+)/)?.[1]
    if (name === undefined || known.includes(name) || known.includes(toCamel(name))) continue
    throw new TemperError('invalid_input', `there is no option --${name}; --help lists them`)
  }
}

function toCamel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
