import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { digestOf, readStamp, writeStamp } from './digest.mjs'
import { inRepository } from './places.mjs'
import { tensorflowFolder, tensorflowVersion } from './tensorflow.mjs'
import { needTools } from './tools.mjs'

const native = inRepository('workers/engine/native')
const addon = join(native, 'build/session.node')
const stampPath = join(native, 'build/session.stamp')
const modules = inRepository('node_modules')
const libraries = '@tensorflow/tfjs-node-gpu/deps/lib'
const flags = ['-std=c++17', '-O2', '-Wall', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS']

/** The engine's session addon, compiled from workers/engine/native. */
export const sessionAddon = {
  title: 'engine session addon',
  isDone: () => existsSync(addon) && readStamp(stampPath) === wantedStamp(),
  run: async () => {
    needTools(['g++'])
    mkdirSync(join(native, 'build'), { recursive: true })
    const draft = `${addon}.${process.pid}`
    await runCommand('g++', compilerArguments(draft), { cwd: native })
    renameSync(draft, addon)
    writeStamp(stampPath, wantedStamp())
  },
}

function wantedStamp() {
  return digestOf(native, ['.'], { words: [tensorflowVersion, ...flags], leaveOut: ['build', 'kernels'] })
}

/** @param {string} output */
function compilerArguments(output) {
  return [
    ...flags,
    '-I',
    join(modules, 'node-addon-api'),
    '-I',
    join(modules, 'node-api-headers/include'),
    // TensorFlow's headers warn under -Wall; as system headers they do not.
    '-isystem',
    join(tensorflowFolder(), 'include'),
    'session.cc',
    '-o',
    output,
    '-L',
    join(modules, libraries),
    '-ltensorflow',
    '-ltensorflow_framework',
    `-Wl,-rpath,$ORIGIN/../../../../node_modules/${libraries}`,
  ]
}
