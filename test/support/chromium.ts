/**
 * The browser, from an npm package, is a compressed file that is extracted once. Test files run side by side, and the package
 * mistakes a file that another process is still writing for a finished one. So each process extracts into its own folder, and the
 * first to finish moves its folder to the shared place.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { LOCAL, PROJECT } from '../../programs/paths.ts'

export interface ExtractedChromium {
  readonly executablePath: string
  /** Selects the fonts of the package, so that pages look the same on every machine. */
  readonly env: Readonly<Record<string, string>>
}

const { version } = JSON.parse(
  readFileSync(join(PROJECT, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'),
) as { version: string }

/**
 * Returns the extracted browser; extracts it if it is missing.
 *
 * @param folder the shared place
 */
export async function extractedChromium(
  folder = join(LOCAL, `browser-${version}`),
): Promise<ExtractedChromium> {
  if (!existsSync(folder)) await extract(folder)
  return { executablePath: join(folder, 'chromium'), env: { FONTCONFIG_FILE: join(folder, FONTS_CONF) } }
}

const FONTS_CONF = 'fonts.conf'

/**
 * The package's own fonts.conf names fixed folders such as /tmp/fonts. Without a font there, Chromium crashes at the first text
 * (`SkFontMgr_FontConfigInterface.cpp: Not implemented`).
 */
const fontsConf = (folder: string) => `<?xml version="1.0"?>
<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/font-cache</cachedir>
</fontconfig>
`

async function extract(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const own = await mkdtemp(`${folder}-`)
  try {
    await extractedInto(own)
    await writeFile(join(own, FONTS_CONF), fontsConf(folder))
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
