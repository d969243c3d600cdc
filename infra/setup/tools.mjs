import { execFileSync } from 'node:child_process'
import { SetupError } from './command.mjs'
import { onPath } from './places.mjs'

const oldestNode = [20, 19]
const oldestGo = [1, 25]

/** Throws a SetupError unless this machine and this Node can run Temper at all. */
export function checkMachine() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `Temper runs on Linux x64; this is ${process.platform} ${process.arch}. Use a container or a virtual machine.`,
    )
  }
  if (isOlder(process.versions.node, oldestNode)) {
    throw new SetupError(
      `Node ${oldestNode.join('.')} or later is needed, this is ${process.versions.node}. ${howTo('node')}`,
    )
  }
}

/**
 * Throws a SetupError that names each missing tool with the command that installs it.
 * @param {readonly ('python3' | 'pip' | 'g++')[]} tools
 */
export function needTools(tools) {
  const missing = tools.filter((tool) => (tool === 'pip' ? !hasPip() : onPath(tool) === undefined))
  if (missing.length === 0) return
  throw new SetupError(missing.map((tool) => `${tool} is missing. ${howTo(tool)}`).join('\n'))
}

/** Whether a Go is here that can build Temporal. */
export function hasGo() {
  const go = onPath('go')
  if (go === undefined) return false
  const version = /go(\d+(?:\.\d+)*)/.exec(execFileSync(go, ['version'], { encoding: 'utf8' }))?.[1]
  return version !== undefined && !isOlder(version, oldestGo)
}

/** @param {'node' | 'python3' | 'pip' | 'g++' | 'go'} tool */
export function howTo(tool) {
  const packages = {
    apt: { node: 'nodejs', python3: 'python3', pip: 'python3-pip', 'g++': 'g++', go: 'golang-go' },
    dnf: { node: 'nodejs', python3: 'python3', pip: 'python3-pip', 'g++': 'gcc-c++', go: 'golang' },
    pacman: { node: 'nodejs', python3: 'python', pip: 'python-pip', 'g++': 'gcc', go: 'go' },
  }
  const sites = { node: 'https://nodejs.org', go: 'https://go.dev/dl' }
  const site = tool === 'node' || tool === 'go' ? ` (or a newer one from ${sites[tool]})` : ''
  if (onPath('dnf') !== undefined) return `Install it: sudo dnf install ${packages.dnf[tool]}${site}`
  if (onPath('pacman') !== undefined) return `Install it: sudo pacman -S ${packages.pacman[tool]}${site}`
  return `Install it: sudo apt-get install -y ${packages.apt[tool]}${site}`
}

function hasPip() {
  const python = onPath('python3')
  if (python === undefined) return false
  try {
    execFileSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // Python answers with an exit code when it has no such module.
    if (/** @type {{ status?: unknown }} */ (error).status === 1) return false
    throw error
  }
}

/**
 * @param {string} version
 * @param {readonly number[]} oldest
 */
function isOlder(version, oldest) {
  const numbers = version.split('.').map(Number)
  const at = oldest.findIndex((number, index) => (numbers[index] ?? 0) !== number)
  return at >= 0 && (numbers[at] ?? 0) < (oldest[at] ?? 0)
}
