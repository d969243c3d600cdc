/** One import or re-export of a file, or a place that only resolves a module's address. */
export interface Import {
  specifier: string
  /** Gone at run time: `import type`, `export type`, or `import('…')` inside a type. */
  typeOnly: boolean
  /** `import.meta.resolve` or `require.resolve`: names a module and does not load it. */
  resolveOnly: boolean
}

/** The formatter puts static imports at the start of a line, with single quotes. */
const staticImport = /^(?:import|export)\s+(type\s)?(?:[^'"`=();]*?\sfrom\s+)?'([^'\n]+)'/gm
const dynamicImport = /\b(typeof\s+)?import\(\s*'([^'\n]+)'\s*\)/g
const resolution = /\b(?:import\.meta|require)\.resolve\(\s*'([^'\n]+)'\s*\)/g

/** What the text of a TypeScript or JavaScript file imports, in no particular order. */
export function importsOf(text: string): Import[] {
  const loads = [...text.matchAll(staticImport), ...text.matchAll(dynamicImport)].map(
    ([, type, specifier = '']): Import => ({ specifier, typeOnly: type !== undefined, resolveOnly: false }),
  )
  const names = [...text.matchAll(resolution)].map(
    ([, specifier = '']): Import => ({ specifier, typeOnly: false, resolveOnly: true }),
  )
  return [...loads, ...names]
}
