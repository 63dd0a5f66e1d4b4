import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

const [, section = ''] =
  /^## Folders$(.*?)^## /ms.exec(readFileSync(join(PROJECT, 'CONTRIBUTING.md'), 'utf8')) ?? []
const listed = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, path = '']) => expanded(path)),
)

/** Replaces names in braces, as in `lib/{a,b}/`, by one path for each. */
function expanded(path: string): string[] {
  const [, before = '', names, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? []
  return names === undefined ? [path] : names.split(',').map(name => before + name + after)
}

describe('the table of folders in CONTRIBUTING.md', () => {
  it('given its rows, then each folder or file exists, and is listed once', () => {
    assert.ok(listed.length > 10)
    assert.deepEqual(
      listed.filter(path => !existsSync(join(PROJECT, path))),
      [],
    )
    assert.deepEqual(
      listed.filter((path, index) => listed.indexOf(path) !== index),
      [],
    )
  })

  it('given the folders of the project, then each is listed', () => {
    const folders = globSync('*/', { cwd: PROJECT, exclude: ['node_modules', 'coverage', '.*'] })
    assert.ok(folders.length > 5)
    assert.deepEqual(
      folders.filter(folder => !listed.includes(`${folder.replace(/\/$/, '')}/`)),
      [],
    )
  })
})
