import { pageSchema, workerSchema } from '@temper/db/contracts'
import { command } from '../command.ts'
import { table } from '../output.ts'

export const workers = command(
  'Worker processes that live now; none while there is no work',
  {},
  async ({ api, out }) => {
    const { items } = await api.get('/v1/workers', pageSchema(workerSchema))
    out.document(items, () =>
      table(
        ['queue', 'device', 'state', 'host', 'pid'],
        items.map((worker) => [worker.queue, worker.device, worker.state, worker.host, worker.pid]),
      ),
    )
  },
)
