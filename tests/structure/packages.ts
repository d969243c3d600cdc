import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

export const root = path.resolve(import.meta.dirname, '../..')

const manifestSchema = z.looseObject({
  name: z.string(),
  exports: z.record(z.string(), z.string()).default({}),
  imports: z.record(z.string(), z.string()).default({}),
})

/** A workspace of the repository. */
export interface Package {
  name: string
  /** Relative to the root, like all paths here. */
  dir: string
  exports: Record<string, string>
  imports: Record<string, string>
}

/** Every workspace that the root's package.json names. */
export function readPackages(): Package[] {
  const { workspaces } = z
    .looseObject({ workspaces: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')))
  return workspaces.flatMap(foldersOf).map((dir) => {
    const manifest = JSON.parse(readFileSync(path.join(root, dir, 'package.json'), 'utf8'))
    return { ...manifestSchema.parse(manifest), dir }
  })
}

function foldersOf(workspace: string): string[] {
  if (!workspace.endsWith('/*')) return [workspace]
  const parent = workspace.slice(0, -2)
  const folders = readdirSync(path.join(root, parent)).map((name) => `${parent}/${name}`)
  return folders.filter((dir) => existsSync(path.join(root, dir, 'package.json')))
}

/** TypeScript and JavaScript files below a folder, without what is installed or built. */
export function sourceFiles(dir: string): string[] {
  return readdirSync(path.join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const file = `${dir}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : sourceFiles(file)
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [file] : []
  })
}

/** Tests and what only tests use. */
export function isTestCode(file: string): boolean {
  return /\.test\.tsx?$|\.fixture\.ts$|\/fixtures\/|\/test-[^/]+\.ts$/.test(file)
}

/** What a package's `exports` or `imports` give for a key such as `./data` or `#lib/api.ts`. */
export function lookUp(table: Record<string, string>, key: string): string | undefined {
  for (const [pattern, target] of Object.entries(table)) {
    const [before = '', after] = pattern.split('*')
    if (after === undefined && pattern === key) return target
    if (after === undefined || !key.startsWith(before) || !key.endsWith(after)) continue
    return target.replace('*', key.slice(before.length, key.length - after.length))
  }
  return undefined
}
