import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { extractedChromium } from '../../support/chromium.ts'

describe('the browser of the tests', () => {
  it('has its fonts beside it, and not in a folder that others may fill', async () => {
    const { executablePath, env } = await extractedChromium()
    const conf = await readFile(env.FONTCONFIG_FILE ?? '', 'utf8')
    const [, fonts = ''] = /<dir>(.*)<\/dir>/.exec(conf) ?? []
    assert.ok(fonts.startsWith(dirname(executablePath)), fonts)
    assert.ok((await readdir(fonts, { recursive: true })).some(file => file.endsWith('.ttf')))
  })
})
