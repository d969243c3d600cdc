import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'
import { z } from 'zod'
import { untar } from './untar.ts'

const environmentSchema = z.object({
  CHROMIUM_PATH: z.string().min(1).optional().describe('A browser in place of the packaged one'),
})

/** Software drawing, and nothing that speaks to anyone but the pages under test. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

interface Program {
  executablePath: string
  env: NodeJS.ProcessEnv
}

/**
 * Headless Chromium: the one that CHROMIUM_PATH names, else the one inside an npm package, unpacked below `folder`.
 * Throws with the way out when it does not start.
 */
export async function openBrowser(folder: string): Promise<Browser> {
  const { CHROMIUM_PATH } = environmentSchema.parse(process.env)
  const program =
    CHROMIUM_PATH === undefined ? await unpackBrowser(folder) : { executablePath: CHROMIUM_PATH, env: process.env }
  try {
    return await chromium.launch({ ...program, args })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const way = 'install Chromium (on Debian: apt install chromium) and set CHROMIUM_PATH to its program'
    throw new Error(`the browser ${program.executablePath} does not start; ${way}:\n${reason}`, { cause })
  }
}

/**
 * The package brings the program, the few libraries that a bare system lacks, and a font. Its own unpacking is not used:
 * that leaves everything in the system's temporary folder, and takes half a browser there for a whole one.
 */
async function unpackBrowser(folder: string): Promise<Program> {
  const executablePath = join(folder, 'chromium')
  await mkdir(folder, { recursive: true })
  await Promise.all([
    inflate('chromium.br').then((program) => writeFile(executablePath, program, { mode: 0o700 })),
    unpack('al2023.tar.br', folder),
    unpack('fonts.tar.br', folder),
  ])
  const fontsConf = join(folder, 'fonts.conf')
  await writeFile(fontsConf, fontSettings(folder))
  return { executablePath, env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: fontsConf } }
}

async function unpack(name: string, folder: string): Promise<void> {
  const archive = join(folder, name.replace(/\.br$/, ''))
  await writeFile(archive, await inflate(name))
  await untar(archive, folder)
}

async function inflate(name: string): Promise<Buffer> {
  const packed = new URL(`../../bin/${name}`, import.meta.resolve('@sparticuz/chromium'))
  return promisify(brotliDecompress)(await readFile(fileURLToPath(packed)))
}

function fontSettings(folder: string): string {
  const folders = `<dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir>`
  return `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>${folders}</fontconfig>\n`
}
