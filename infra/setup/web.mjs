import { cpSync, existsSync, rmSync } from 'node:fs'
import { runCommand } from './command.mjs'
import { digestOf, readStamp, writeStamp } from './digest.mjs'
import { inRepository } from './places.mjs'

const stampPath = inRepository('apps/web/.next/temper.stamp')
const standalone = inRepository('apps/web/.next/standalone/apps/web')
const sources = ['apps/web', 'db/contracts', 'db/package.json', 'package-lock.json']
const made = ['node_modules', '.next', 'next-env.d.ts', 'tsconfig.tsbuildinfo']

/** The production build of the web app. */
export const web = {
  title: 'web app',
  isDone: () => readStamp(stampPath) === wantedStamp(),
  run: async () => {
    const stamp = wantedStamp()
    rmSync(stampPath, { force: true })
    await runCommand(process.execPath, [inRepository('node_modules/next/dist/bin/next'), 'build'], {
      cwd: inRepository('apps/web'),
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
    })
    // The standalone server expects these two beside it; Next leaves copying them to the deployment.
    cpSync(inRepository('apps/web/.next/static'), `${standalone}/.next/static`, { recursive: true })
    const publicFolder = inRepository('apps/web/public')
    if (existsSync(publicFolder)) cpSync(publicFolder, `${standalone}/public`, { recursive: true })
    writeStamp(stampPath, stamp)
  },
}

function wantedStamp() {
  return digestOf(inRepository(), sources, { words: [process.version], leaveOut: made })
}
