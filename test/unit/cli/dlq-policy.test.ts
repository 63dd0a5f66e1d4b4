import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-policy-'))
after(() => rmSync(folder, { recursive: true }))

describe('sluice dlq policy', () => {
  it('given the policy that ships, then it has no errors', async () => {
    const { status, stdout } = await ran(['dlq', 'policy'], { folder: PROJECT })
    assert.deepEqual([status, stdout], [0, 'failures: the policy has no errors\n'])
  })

  it('given FAILURES_DIR and errors, then each is on its own line, and the exit status is 1', async () => {
    writeFileSync(join(folder, 'policy.yaml'), 'maxAge: 0s\nconsumers:\n  pagr: {}\n')
    const environment = { FAILURES_DIR: '.' }
    const { status, stdout, stderr } = await ran(['dlq', 'policy'], { folder, environment })
    assert.equal(status, 1)
    assert.match(
      stdout,
      /^policy\.yaml:1:1 {2}maxAge: .+\npolicy\.yaml:3:3 {2}consumers\.pagr: no consumer .+\n$/,
    )
    assert.match(stderr, /2 errors in \./)
  })

  it('given a folder without the file, then the setting is named', async () => {
    const { status, stdout } = await ran(['dlq', 'policy', 'nowhere'], { folder })
    assert.equal(status, 1)
    assert.equal(stdout, 'FAILURES_DIR: nowhere/policy.yaml: there is no such file\n')
  })
})
