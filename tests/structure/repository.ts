import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Import, importsOf } from './imports.ts'
import { lookUp, type Package, readPackages, root, sourceFiles } from './packages.ts'

/** An import together with where it leads: a file of this repository, or a package from outside. */
export interface Edge extends Import {
  file: string
  /** The imported file; undefined for what lies outside, and for what leads nowhere. */
  target: string | undefined
}

/** All files of the repository with what they import. */
export class Repository {
  readonly packages = readPackages()
  readonly #edges = new Map<string, Edge[]>()

  constructor() {
    for (const file of this.packages.flatMap(({ dir }) => sourceFiles(dir))) {
      const imports = importsOf(readFileSync(path.join(root, file), 'utf8'))
      const edges = imports.map((one) => ({ ...one, file, target: this.#targetOf(file, one.specifier) }))
      this.#edges.set(file, edges)
    }
  }

  get files(): string[] {
    return [...this.#edges.keys()]
  }

  edgesOf(file: string): Edge[] {
    return this.#edges.get(file) ?? []
  }

  /** The package that a file belongs to. */
  packageOf(file: string): Package | undefined {
    return this.packages.find(({ dir }) => file.startsWith(`${dir}/`))
  }

  /** The package of this repository that a specifier such as `@temper/db/contracts` names. */
  packageNamed(specifier: string): Package | undefined {
    return this.packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
  }

  /** Edges that loading `entry` follows: run-time imports of it and of all it loads. */
  loadedFrom(entry: string): Edge[] {
    if (!this.#edges.has(entry)) throw new Error(`${entry} is no source file`)
    const seen = new Set<string>([entry])
    for (const file of seen) {
      for (const { target } of this.#loads(file)) if (target !== undefined) seen.add(target)
    }
    return [...seen].flatMap((file) => this.#loads(file))
  }

  #loads(file: string): Edge[] {
    return this.edgesOf(file).filter(({ typeOnly, resolveOnly }) => !typeOnly && !resolveOnly)
  }

  #targetOf(file: string, specifier: string): string | undefined {
    if (specifier.startsWith('.')) return existing(path.join(path.dirname(file), specifier))
    const owner = specifier.startsWith('#') ? this.packageOf(file) : this.packageNamed(specifier)
    if (!owner) return undefined
    const inside = specifier.startsWith('#')
      ? lookUp(owner.imports, specifier)
      : lookUp(owner.exports, `.${specifier.slice(owner.name.length)}`)
    return inside === undefined ? undefined : existing(path.join(owner.dir, inside))
  }
}

function existing(file: string): string | undefined {
  return existsSync(path.join(root, file)) ? file : undefined
}

/** One line a violation. */
export function shown({ file, specifier }: Edge): string {
  return `${file} imports ${specifier}`
}
