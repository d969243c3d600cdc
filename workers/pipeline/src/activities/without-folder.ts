import { TemperError } from '@temper/db/contracts'

/** The same error without the paths of a folder that only this machine knows: `config.json`, not `/…/config.json`. */
export function withoutFolder(thrown: unknown, folder: string): unknown {
  if (!(thrown instanceof TemperError)) return thrown
  const shorten = (text: string) => text.replaceAll(`${folder}/`, '').replaceAll(folder, 'the folder')
  const details = Object.entries(thrown.details).map(([key, value]): [string, unknown] => {
    return [key, typeof value === 'string' ? shorten(value) : value]
  })
  return new TemperError(thrown.code, shorten(thrown.message), {
    cause: thrown,
    details: Object.fromEntries(details),
  })
}
