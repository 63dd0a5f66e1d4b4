import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

const FOLDER = join(PROJECT, 'docs/pictures')
const PICTURES = globSync('*', { cwd: FOLDER })
const KIB = 1024

describe('the pictures of the manual', () => {
  it('given their sizes, then none is above 150 KiB, and all are below 1.5 MiB', () => {
    const sizes = PICTURES.map(file => statSync(join(FOLDER, file)).size)
    assert.ok(Math.max(...sizes) <= 150 * KIB)
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 1_500 * KIB)
  })

  it('given those of services and folders, then they are those of compose.yaml and of the project', () => {
    const names = (file: string) =>
      [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/>(?:[├└]── )?([\w.-]+\/?)(?: …)?<\/text>/g)].map(
        ([, name = '']) => name,
      )
    const services = new Set(names('containers.svg'))
    const composed = readFileSync(join(PROJECT, 'compose.yaml'), 'utf8')
    const [, inFile = ''] = /^services:\n(.*?)^configs:/ms.exec(composed) ?? []
    for (const [, name = ''] of inFile.matchAll(/^ {2}([\w-]+):$/gm))
      if (!/^topics$|-proto$/.test(name)) assert.ok(services.has(name), name)
    const folders = names('folders.svg').filter(name => name.endsWith('/'))
    assert.ok(folders.length > 10)
    for (const folder of folders) assert.ok(existsSync(join(PROJECT, folder)), folder)
  })

  // Promise docs/tour.md#sluice-in-pictures | Every picture is on a page.
  it('given each of them, then a page shows it', () => {
    const pages = globSync('{*.md,docs/*.md,config/**/*.md}', { cwd: PROJECT })
    const text = pages.map(page => readFileSync(join(PROJECT, page), 'utf8')).join('\n')
    const shown = new Set(
      [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path = '']) => basename(path)),
    )
    assert.deepEqual(
      PICTURES.filter(file => !shown.has(file)),
      [],
    )
  })
})
