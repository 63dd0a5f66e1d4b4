import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
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
      assert.ok(existsSync(join(one.env.FONTCONFIG_PATH ?? '', 'fonts.conf')))
      assert.deepEqual(await readdir(room), ['browser'])
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  })
})
