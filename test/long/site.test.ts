import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, runProgram } from '../support/program.ts'

describe('the manual as a site', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-site-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('given all pages, then it is built without an error, and each page of the index is in its sidebar', async () => {
    const { code, output } = await runProgram('vitepress', ['build', 'docs', '--outDir', folder])
    assert.equal(code, 0, output)
    // VitePress reports the error of a page, and continues.
    assert.doesNotMatch(output, /Error/)
    const index = await readFile(join(PROJECT, 'docs/README.md'), 'utf8')
    const page = await readFile(join(folder, 'docs/index.html'), 'utf8')
    for (const [, name = ''] of index.matchAll(/\]\(([\w-]+)\.md\)/g)) {
      assert.ok(existsSync(join(folder, 'docs', `${name}.html`)), name)
      assert.ok(page.includes(`href="/docs/${name}.html"`), name)
    }
  })

  it('given no network, then search, scripts and fonts are files of the site', async () => {
    const page = await readFile(join(folder, 'index.html'), 'utf8')
    assert.doesNotMatch(page, /(?:src|href)="https?:\/\/[^"]+\.(?:js|css|woff2?)"/)
    const chunks = await readdir(join(folder, 'assets/chunks'))
    assert.ok(chunks.some(name => name.startsWith('@localSearchIndex')))
  })
})
