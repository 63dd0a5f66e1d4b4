/**
 * Extracts the browser, which is a compressed file in an npm package, once for all test files. Test files run concurrently, and the
 * package would treat a file that another process is still writing as complete. Therefore each process extracts the browser to a
 * folder of its own, and the first process to finish moves its folder to the shared location.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { LOCAL, PROJECT } from '../../scripts/paths.ts'

export interface ExtractedChromium {
  readonly executablePath: string
  /** Environment that selects the fonts of the package, so that pages look the same on all machines. */
  readonly env: Readonly<Record<string, string>>
}

const { version } = JSON.parse(
  readFileSync(join(PROJECT, 'test/node_modules/@sparticuz/chromium/package.json'), 'utf8'),
) as { version: string }

/** Returns the extracted browser. Extracts it first if necessary. @param folder shared location */
export async function extractedChromium(
  folder = join(LOCAL, `browser-${version}`),
): Promise<ExtractedChromium> {
  if (!existsSync(folder)) await extract(folder)
  return { executablePath: join(folder, 'chromium'), env: { FONTCONFIG_FILE: join(folder, FONTS_CONF) } }
}

const FONTS_CONF = 'fonts.conf'

/**
 * Font configuration. It replaces the package's fonts.conf, which refers to fixed folders such as /tmp/fonts. Without fonts,
 * Chromium crashes at the first text (`SkFontMgr_FontConfigInterface.cpp: Not implemented`).
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
    // Another process has moved its folder first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  }
}

/**
 * Extracts the browser to a folder. The package always extracts to the system's temporary folder. It reads the variable with this
 * folder synchronously, so the variable is changed only for the duration of the call.
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
