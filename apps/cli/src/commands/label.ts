import { nextComparisonsSchema, TemperError } from '@temper/db/contracts'
import { command } from '../command.ts'
import { readKeys } from '../labelling/read-keys.ts'
import { LabelSession } from '../labelling/session.ts'

export const label = command(
  'Compare answers by keys: 1 left, 2 right, 3 tie, 4 both bad; upper case ! and @ much better; s skip, u undo, q quit',
  { run: { type: 'string', description: 'Of this run only' } },
  async ({ args, api, out }) => {
    const query = args.run === undefined ? '' : `run=${args.run}`
    if (!process.stdin.isTTY || out.isJson) {
      // Without a terminal there are no keys to press; what could be judged is still worth knowing.
      const next = await api.get(`/v1/comparisons/next?limit=20&${query}`, nextComparisonsSchema)
      if (!out.isJson) throw new TemperError('invalid_input', 'label needs a terminal; --json lists what waits')
      out.document(next, () => '')
      return
    }
    const session = new LabelSession(api, query, (text) => out.say(text))
    await session.show()
    for await (const key of readKeys(process.stdin)) {
      if (!(await session.press(key))) break
    }
    out.say(session.summary())
  },
)
