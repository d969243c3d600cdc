import { type BuildFailure, buildSync, type Message, transformSync } from 'esbuild'
import { TemperError } from '../contracts/index.ts'

/**
 * A reward function of a recipe as JavaScript that sets `rewardModule.default`. Types are left out, not checked.
 * @param code - a TypeScript module without imports
 * Throws `invalid_recipe` with the line of the code where it does not parse, imports something, or exports no default.
 */
export function compileRewardFunction(code: string): string {
  try {
    const { outputFiles, metafile } = buildSync({
      stdin: { contents: code, loader: 'ts' },
      bundle: true,
      write: false,
      metafile: true,
      logLevel: 'silent',
      platform: 'neutral',
      target: 'es2022',
      format: 'esm',
    })
    const [output] = Object.values(metafile.outputs)
    if (!output?.exports.includes('default'))
      throw new TemperError('invalid_recipe', "a reward function is the module's `export default`, and there is none")
    return asScript(outputFiles[0]?.text ?? '')
  } catch (thrown) {
    throw isBuildFailure(thrown) ? failure(thrown.errors) : thrown
  }
}

/** The module as a script: what it exports, as a variable. */
function asScript(module: string): string {
  return transformSync(module, { target: 'es2022', format: 'iife', globalName: 'rewardModule' }).code
}

function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors)
}

function failure([first]: Message[]): TemperError {
  const line = first?.location?.line
  const where = line === undefined ? '' : `line ${line} of the function: `
  const details = { line: line ?? null, text: first?.location?.lineText ?? null }
  return new TemperError('invalid_recipe', `${where}${first?.text ?? 'it cannot be read'}`, { details })
}
