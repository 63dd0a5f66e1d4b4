import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { extractedChromium } from '../../support/chromium.ts'

describe('the browser of the tests', () => {
  it('given two that need it at the same time, then both get a whole one, and nothing else is left', async () => {
    const room = await mkdtemp(join(tmpdir(), 'chromium-'))
    try {
      const folder = join(room, 'browser')
      const [one, other] = await Promise.all([extractedChromium(folder), extractedChromium(folder)])
      assert.deepEqual(one, other)
      assert.ok(existsSync(one.executablePath))
      assert.deepEqual(await readdir(room), ['browser'])
      const conf = await readFile(one.env.FONTCONFIG_FILE ?? '', 'utf8')
      const [, fonts = ''] = /<dir>(.*)<\/dir>/.exec(conf) ?? []
      assert.ok(
        fonts.startsWith(folder),
        'the fonts lie beside the browser, not in a folder that others may fill',
      )
      assert.ok((await readdir(fonts, { recursive: true })).some(file => file.endsWith('.ttf')))
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  })
})
