import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '#local-servers/testing/program.ts'
import { FAILURES } from '#runtime/consumer/failure-codes.ts'
import { DEFERRED, DUPLICATE, IGNORED, PARKED } from '#runtime/pipeline/model/reasons.ts'
import { APPLICATION } from '../../../support/families.ts'

const ENGINE = join(PROJECT, 'packages', 'runtime')

it('given the code of the engine, then it names no command of the application', () => {
  const files = globSync('**/*.ts', { cwd: ENGINE, exclude: ['dist/**'] })
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

it('given the remedies of Sluice, then each is for a reason or a code of the engine', () => {
  const { remedies = {} } = APPLICATION
  const known = { ...IGNORED, ...DUPLICATE, ...PARKED, ...DEFERRED, ...FAILURES }
  assert.deepEqual(
    Object.keys(remedies).filter(name => !(name in known)),
    ['schema-not-registered'],
  )
})
