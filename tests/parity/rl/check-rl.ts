import { z } from 'zod'
import { readJson } from '../read-json.ts'
import { type Checks, type Result, section, unsupported } from '../result.ts'
import { checkAgreement } from './agreement.ts'
import { checkBradleyTerry } from './bradley-terry.ts'
import { checkChinchilla } from './chinchilla.ts'
import { checkGroups } from './groups.ts'
import { checkPpo } from './ppo.ts'
import { checkRewardModel } from './reward-model.ts'
import { checkSampling, unknownFilters } from './sampling.ts'

const checksByKey: Record<string, (reference: unknown) => Checks | Promise<Checks>> = {
  reward_model: checkRewardModel,
  ppo: checkPpo,
  groups: checkGroups,
  sampling: checkSampling,
  agreement: checkAgreement,
  bradley_terry: checkBradleyTerry,
  chinchilla: checkChinchilla,
}

/** Every key of rl.json; filters that the engine lacks are listed beside `sampling`, which compares the others. */
export async function* checkRl(path: string): AsyncGenerator<Result> {
  const file = await readJson(path, z.record(z.string(), z.unknown()))
  for (const [key, reference] of Object.entries(file)) {
    const check = checksByKey[key]
    if (check) yield section('rl.json', key, async () => check(reference))
    else yield unsupported('rl.json', key, 'nothing here computes it')
    if (key !== 'sampling') continue
    for (const filter of unknownFilters(reference))
      yield unsupported('rl.json', `${key}.${filter}`, 'the engine has no such filter')
  }
}
