/**
 * The browser that comes as a package: a compressed file, extracted once. Test files run side by side, and the package takes a file
 * that another process is still writing for a finished one; so each extracts into a folder of its own, and the first to finish
 * moves it to where all look for it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { LOCAL, PROJECT } from '../../programs/paths.ts'

export interface ExtractedChromium {
  readonly executablePath: string
  /** What it needs to find the fonts that come with it, so that pages look the same on every machine. */
  readonly env: Readonly<Record<string, string>>
}

const { version } = JSON.parse(
  readFileSync(join(PROJECT, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'),
) as { version: string }

/** @param folder where it is kept */
export async function extractedChromium(
  folder = join(LOCAL, `chromium-${version}`),
): Promise<ExtractedChromium> {
  if (!existsSync(folder)) await extract(folder)
  return { executablePath: join(folder, 'chromium'), env: { FONTCONFIG_PATH: join(folder, 'fonts') } }
}

async function extract(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const own = await mkdtemp(`${folder}-`)
  try {
    await extractedInto(own)
    await rename(own, folder)
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
}

/**
 * The package extracts into the system's temporary folder, and has no option for another one. It looks up that folder before it
 * waits for anything, so the folder is changed no longer than that.
 */
function extractedInto(folder: string): Promise<string> {
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  try {
    return chromium.executablePath()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}
