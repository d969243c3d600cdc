import { stopInstance } from './leftovers.mjs'

/**
 * Outlives a stack that is killed: `node guardian.mjs HOME INSTANCE`. Its input is a pipe that the stack holds open;
 * the system closes it however the stack ends. A stack that has stopped in order says so first. Plain JavaScript, so
 * that it starts at once and stays small.
 */
const [home, instance] = process.argv.slice(2)
if (home === undefined || instance === undefined) throw new Error('usage: guardian.mjs HOME INSTANCE')

// A terminal's Ctrl-C and hang-up are for the stack, which stops in order.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)

let stoppedInOrder = false
for await (const _ of process.stdin) stoppedInOrder = true
if (!stoppedInOrder) await stopInstance(home, instance)
process.exit(0)
