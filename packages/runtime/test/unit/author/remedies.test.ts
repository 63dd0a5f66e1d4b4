import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

const ENGINE = join(import.meta.dirname, '../../..')

it('given the code of the engine, then it names no command of the application', () => {
  const files = globSync('**/*.ts', { cwd: ENGINE, exclude: ['dist/**', 'test/**'] })
  assert.ok(files.length > 200)
  const naming = files.flatMap(file => {
    const lines = readFileSync(join(ENGINE, file), 'utf8').split('\n')
    const isComment = /^\s*(?:\*|\/\/|\/\*)/
    return lines
      .filter(line => /`sluice |npx sluice/.test(line) && !isComment.test(line))
      .map(line => [file, line])
  })
  assert.deepEqual(naming, [])
})
