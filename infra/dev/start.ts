import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { toTemperError } from '@temper/db/contracts'
import { inRepository } from '../setup/places.mjs'
import { readEnvironment } from './environment.ts'
import { defaultPorts, type Ports } from './ports.ts'
import { type Stack, startStack } from './stack.ts'
import { untilAskedToStop } from './until-asked-to-stop.ts'

const help = `npm start -- [options]: starts Temper and everything it needs, until Ctrl-C.

  --no-demo            do not begin the quickstart run at the first start
  --no-workers         start no worker: runs wait until one appears
  --host ADDRESS       bind API and web app to this address; 127.0.0.1 unless set, 0.0.0.0 for all.
                       Postgres and Temporal, with its UI, which asks nobody to sign in, stay on 127.0.0.1;
                       pages for other machines link to no Temporal UI but TEMPER_TEMPORAL_UI_URL.
  --port N             web app (${defaultPorts.web}); --api-port N (${defaultPorts.api}), --postgres-port N (${defaultPorts.postgres}),
                       --temporal-port N (${defaultPorts.temporal}), --temporal-ui-port N (${defaultPorts.temporalUi}).
                       A port that is taken is replaced by the next free one.
  --help               this text

Environment: TEMPER_HOME (folder of the state, .temper), DATABASE_URL, TEMPORAL_ADDRESS and TEMPER_STORE (each in place
of the embedded part), TEMPER_TEMPORAL_UI_URL (where people reach a Temporal UI), TEMPER_CACHE (what set-up keeps).`

const port = { type: 'string' } as const
const options = {
  help: { type: 'boolean', default: false },
  demo: { type: 'boolean', default: true },
  workers: { type: 'boolean', default: true },
  host: { type: 'string', default: '127.0.0.1' },
  port,
  'api-port': port,
  'postgres-port': port,
  'temporal-port': port,
  'temporal-ui-port': port,
} as const
const values = readArguments()

if (values.help) console.log(help)
else await run()

/** Starts, prints where everything is, and stops in order when asked. */
async function run(): Promise<void> {
  const startedAt = Date.now()
  const environment = readEnvironment()
  const asked = untilAskedToStop(environment.npm_lifecycle_event !== undefined)
  try {
    const stack = await startStack({
      home: resolve(inRepository(), environment.TEMPER_HOME),
      ports: wantedPorts(),
      host: values.host,
      demo: values.demo,
      workers: values.workers,
      log: (line) => console.log(line),
    })
    console.log(describeStack(stack, Date.now() - startedAt))
    const reason = await Promise.race([asked, stack.gaveUp])
    console.log(reason instanceof Error ? reason.message : `\nStopping (${reason})`)
    await stack.stop()
    process.exitCode = reason instanceof Error ? 1 : 0
  } catch (error) {
    console.error(toTemperError(error).message)
    process.exitCode = 1
  }
  process.exit()
}

function readArguments() {
  try {
    return parseArgs({ allowNegative: true, options }).values
  } catch (error) {
    console.error(`${toTemperError(error).message}\n\n${help}`)
    process.exit(2)
  }
}

function wantedPorts(): Partial<Ports> {
  const wanted = {
    web: values.port,
    api: values['api-port'],
    postgres: values['postgres-port'],
    temporal: values['temporal-port'],
    temporalUi: values['temporal-ui-port'],
  }
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, readPort(value ?? '')]))
}

function readPort(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  console.error(`a port is a whole number from 0 to 65535, not ${text}`)
  process.exit(1)
}

function describeStack(stack: Stack, tookMs: number): string {
  return `
Temper is ready (${(tookMs / 1000).toFixed(1)} s)

  Sign in        ${stack.signInLink}
                 works once, for the owner of this installation
  Web            ${stack.webUrl}
  API            ${stack.apiUrl}
  API docs       ${stack.apiUrl}/docs
  Temporal UI    ${stack.temporalUiUrl || 'not started: TEMPORAL_ADDRESS is set'}
  State          ${stack.home}
${stack.demoRunId === undefined ? '' : `\nThe quickstart run has begun: ${stack.webUrl}/runs/${stack.demoRunId}\n`}
Ctrl-C stops everything; the next start goes on from there.
`
}
