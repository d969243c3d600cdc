import { z } from 'zod'
import { readJson } from '../read-json.ts'
import { type Checks, type Result, section, unsupported } from '../result.ts'
import { checkPpo } from './ppo.ts'
import { checkRewardModel } from './reward-model.ts'
import { checkSampling, unknownFilters } from './sampling.ts'

const checksByKey: Record<string, (reference: unknown) => Promise<Checks>> = {
  reward_model: checkRewardModel,
  ppo: checkPpo,
  sampling: checkSampling,
}

/** Every key of rl.json; filters that the engine lacks are listed beside `sampling`, which compares the others. */
export async function* checkRl(path: string): AsyncGenerator<Result> {
  const file = await readJson(path, z.record(z.string(), z.unknown()))
  for (const [key, reference] of Object.entries(file)) {
    const check = checksByKey[key]
    if (check) yield section('rl.json', key, () => check(reference))
    else yield unsupported('rl.json', key, 'the engine has no such function')
    if (key !== 'sampling') continue
    for (const filter of unknownFilters(reference))
      yield unsupported('rl.json', `${key}.${filter}`, 'the engine has no such filter')
  }
}
