import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { digestOf, readStamp, writeStamp } from './digest.mjs'
import { inRepository } from './places.mjs'
import { tensorflowFolder, tensorflowVersion } from './tensorflow.mjs'
import { needTools } from './tools.mjs'

const native = inRepository('workers/engine/native')
const sources = join(native, 'kernels')
const library = join(native, 'build/kernels.so')
const stampPath = join(native, 'build/kernels.stamp')
const libraries = 'node_modules/@tensorflow/tfjs-node-gpu/deps/lib'

const shared = ['-std=c++17', '-O3', '-Wall', '-fPIC', '-c']
// Sums keep the order in which they are written: a result must not depend on how many rows share a product. The other
// warnings are about the compiler's own headers.
const vectors = ['-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math', '-Wno-psabi', '-Wno-uninitialized', '-Wno-maybe-uninitialized'] // biome-ignore format: one list
const avx512 = ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mfma']

/** What is compiled: the kernels once for each set of instructions. */
const objects = {
  pool: ['pool.cc'],
  avx2: ['instruction-set.cc', ...vectors, '-mavx2', '-mfma', '-DKERNELS=avx2Kernels'],
  avx512: ['instruction-set.cc', ...vectors, ...avx512, '-DKERNELS=avx512Kernels'],
  avx512bf16: ['instruction-set.cc', ...vectors, ...avx512, '-mavx512bf16', '-DKERNELS=avx512bf16Kernels'],
  register: ['register.cc'],
}

/** TensorFlow operations of our own, compiled from workers/engine/native/kernels. */
export const engineKernels = {
  title: 'engine kernels',
  isDone: () => existsSync(library) && readStamp(stampPath) === wantedStamp(),
  run: async () => {
    needTools(['g++'])
    const draft = join(native, `build/kernels.${process.pid}`)
    mkdirSync(draft, { recursive: true })
    const include = ['-isystem', join(tensorflowFolder(), 'include')]
    const compile = (/** @type {[string, string[]]} */ [name, args]) =>
      runCommand('g++', [...shared, ...include, ...args, '-o', join(draft, `${name}.o`)], { cwd: sources })
    await Promise.all(Object.entries(objects).map(compile))
    await link(draft)
    renameSync(join(draft, 'kernels.so'), library)
    rmSync(draft, { recursive: true })
    writeStamp(stampPath, wantedStamp())
  },
}

/** @param {string} draft */
async function link(draft) {
  const parts = Object.keys(objects).map((name) => join(draft, `${name}.o`))
  const tensorflow = ['-L', inRepository(libraries), '-ltensorflow', '-ltensorflow_framework']
  const found = `-Wl,-rpath,$ORIGIN/../../../../${libraries}`
  await runCommand('g++', ['-shared', ...parts, '-o', join(draft, 'kernels.so'), ...tensorflow, found])
}

function wantedStamp() {
  const words = [tensorflowVersion, ...shared, ...Object.values(objects).flat()]
  return digestOf(sources, ['.'], { words })
}
