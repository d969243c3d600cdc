import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { cacheFolder, onPath } from './places.mjs'
import { needTools } from './tools.mjs'

export const tensorflowVersion = '2.21.0'

/** Wheels are taken for one Python whatever runs here: only the C libraries and headers in them are used. */
const wheelTags = ['--python-version=3.11', '--implementation=cp', '--only-binary=:all:', '--no-deps'].concat(
  ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'].map((tag) => `--platform=${tag}`),
)

/** Unpacks the members of wheels that begin with one of the prefixes: TARGET PREFIXES WHEEL… */
const unpackProgram = `
import sys, zipfile
target, prefixes = sys.argv[1], tuple(sys.argv[2].split(','))
for wheel in sys.argv[3:]:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target, [name for name in archive.namelist() if name.startswith(prefixes)])
`
/** Prints the CUDA packages that a TensorFlow wheel names: WHEEL */
const cudaPackagesProgram = `
import email.parser, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
    metadata = email.parser.Parser().parsestr(archive.read(name).decode())
for requirement in metadata.get_all('Requires-Dist'):
    if 'and-cuda' in requirement:
        print(requirement.split(';')[0].strip())
`

/** TensorFlow's C libraries and headers, from its Python wheel, in the cache; with CUDA's where a GPU answers. */
export const tensorflow = {
  title: `TensorFlow ${tensorflowVersion}`,
  isDone: () => existsSync(tensorflowFolder()),
  /** @param {(text: string) => void} note */
  run: async (note) => {
    needTools(['python3', 'pip'])
    const withCuda = hasGpu()
    const downloads = join(cacheFolder(), 'downloads', `tensorflow-${tensorflowVersion}-${withCuda ? 'gpu' : 'cpu'}`)
    note(withCuda ? 'downloading the GPU build, 3 GB with CUDA' : 'downloading the CPU build, 274 MB')
    await download(downloads, withCuda)
    note('unpacking')
    await unpack(downloads)
    rmSync(downloads, { recursive: true, force: true })
  },
}

/** Folder with libtensorflow_cc.so.2, the links that linkers and tfjs look for, and include/. */
export function tensorflowFolder() {
  return join(sitePackages(), 'tensorflow')
}

/** Laid out like Python's site-packages: TensorFlow looks for CUDA's libraries relative to its own. */
function sitePackages() {
  return join(cacheFolder(), `tensorflow-${tensorflowVersion}-${hasGpu() ? 'gpu' : 'cpu'}`)
}

/** @type {boolean | undefined} */
let gpuAnswers
export function hasGpu() {
  gpuAnswers ??= onPath('nvidia-smi') !== undefined && nvidiaSmiAnswers()
  return gpuAnswers
}

function nvidiaSmiAnswers() {
  try {
    return execFileSync('nvidia-smi', ['-L'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).includes(
      'GPU ',
    )
  } catch (error) {
    // Installed without a driver or a device.
    if (typeof (/** @type {{ status?: unknown }} */ (error).status) === 'number') return false
    throw error
  }
}

/**
 * Wheels that are already there are not fetched again.
 * @param {string} folder
 * @param {boolean} withCuda
 */
async function download(folder, withCuda) {
  mkdirSync(folder, { recursive: true })
  const fetchWheels = (/** @type {string[]} */ requirements) =>
    runCommand('python3', ['-m', 'pip', 'download', '--dest', folder, ...wheelTags, ...requirements])
  await fetchWheels([`${withCuda ? 'tensorflow' : 'tensorflow-cpu'}==${tensorflowVersion}`])
  if (!withCuda) return
  const tensorflowWheel = wheelsIn(folder).find((wheel) => /\/tensorflow-/.test(wheel)) ?? ''
  const needed = await runCommand('python3', ['-c', cudaPackagesProgram, tensorflowWheel])
  await fetchWheels(needed.trim().split('\n'))
}

/** @param {string} downloads */
async function unpack(downloads) {
  const draft = `${sitePackages()}.${process.pid}`
  const prefixes = [
    'tensorflow/libtensorflow_cc.so.2',
    'tensorflow/libtensorflow_framework.so.2',
    'tensorflow/include/',
    'nvidia/',
  ]
  await runCommand('python3', ['-c', unpackProgram, draft, prefixes.join(','), ...wheelsIn(downloads)])
  const folder = join(draft, 'tensorflow')
  symlinkSync('libtensorflow_cc.so.2', join(folder, 'libtensorflow.so'))
  symlinkSync('libtensorflow_cc.so.2', join(folder, 'libtensorflow.so.2'))
  symlinkSync('libtensorflow_framework.so.2', join(folder, 'libtensorflow_framework.so'))
  rmSync(sitePackages(), { recursive: true, force: true })
  renameSync(draft, sitePackages())
}

/** @param {string} folder */
function wheelsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.whl'))
    .map((name) => join(folder, name))
}
