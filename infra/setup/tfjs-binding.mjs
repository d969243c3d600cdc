import { existsSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { digestOf, readStamp, writeStamp } from './digest.mjs'
import { inRepository } from './places.mjs'
import { tensorflowFolder, tensorflowVersion } from './tensorflow.mjs'
import { needTools } from './tools.mjs'

const tfjs = inRepository('node_modules/@tensorflow/tfjs-node-gpu')
const libraries = join(tfjs, 'deps/lib')
const binding = join(tfjs, 'lib/napi-v8/tfjs_binding.node')
const stampPath = `${binding}.stamp`
const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-Wno-deprecated-declarations']

/**
 * tfjs-node's binding, compiled against our TensorFlow. The package's own install script would fetch one of 2022.
 */
export const tfjsBinding = {
  title: 'tfjs binding',
  isDone: () => isLinked() && isCompiled(),
  run: async () => {
    needTools(['g++'])
    linkLibraries()
    if (isCompiled()) return
    mkdirSync(join(tfjs, 'lib/napi-v8'), { recursive: true })
    const draft = `${binding}.${process.pid}`
    await runCommand('g++', compilerArguments(draft), { cwd: tfjs })
    renameSync(draft, binding)
    writeStamp(stampPath, wantedStamp())
  },
}

function isCompiled() {
  return existsSync(binding) && readStamp(stampPath) === wantedStamp()
}

function wantedStamp() {
  return digestOf(tfjs, ['binding'], { words: [tensorflowVersion, ...flags] })
}

function isLinked() {
  return linkTarget() === tensorflowFolder()
}

function linkTarget() {
  try {
    return readlinkSync(libraries)
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'ENOENT' || code === 'EINVAL') return undefined
    throw error
  }
}

/** One link for the whole folder: libraries in it then find their neighbours where the wheel put them. */
function linkLibraries() {
  if (isLinked()) return
  mkdirSync(join(tfjs, 'deps'), { recursive: true })
  const [draft, old] = [`${libraries}.${process.pid}.new`, `${libraries}.${process.pid}.old`]
  symlinkSync(tensorflowFolder(), draft)
  if (existsSync(libraries)) renameSync(libraries, old)
  renameSync(draft, libraries)
  rmSync(old, { recursive: true, force: true })
}

/** @param {string} output */
function compilerArguments(output) {
  const includes = [inRepository('node_modules/node-api-headers/include'), tfjs, join(tensorflowFolder(), 'include')]
  return [
    ...flags,
    ...includes.flatMap((folder) => ['-I', folder]),
    'binding/tfjs_backend.cc',
    'binding/tfjs_binding.cc',
    '-o',
    output,
    '-L',
    libraries,
    '-ltensorflow',
    '-ltensorflow_framework',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ]
}
