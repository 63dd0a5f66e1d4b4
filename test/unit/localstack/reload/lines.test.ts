import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  filesNamed,
  type Refusal,
  refusedLines,
  reloadedLine,
  restartLine,
  unchangedLine,
} from '../../../../localstack/reload/lines.ts'

describe('what is said of a save', () => {
  it('given functions that were reloaded, then which, and why', () => {
    assert.equal(reloadedLine(['alerting'], '2 rules changed'), 'reloaded alerting: 2 rules changed')
    assert.equal(
      reloadedLine(['processor', 'alerting'], 'lib/domain/topics.ts'),
      'reloaded processor, alerting: lib/domain/topics.ts',
    )
  })

  it('given many files, then one of them and how many there are', () => {
    assert.equal(filesNamed(['a.ts', 'b.ts', 'c.ts']), 'a.ts, b.ts, c.ts')
    assert.equal(filesNamed(['a.ts', 'b.ts', 'c.ts', 'd.ts']), 'a.ts and 3 more files')
  })

  it('given an error that several functions share, then once for all of them, and every line of it', () => {
    const shared: Refusal = {
      functions: ['processor'],
      kept: 'code',
      reason: 'it does not build\nlib/a.ts:1:2: no',
    }
    const other: Refusal = { functions: ['clock'], kept: 'code', reason: 'it does not start: Error: no' }
    assert.deepEqual(refusedLines([shared, other, { ...shared, functions: ['alerting'] }]), [
      '✗ processor, alerting keep their old code: it does not build',
      '    lib/a.ts:1:2: no',
      '✗ clock keeps its old code: it does not start: Error: no',
    ])
  })

  it('given nothing that differs, then that, instead of silence', () => {
    assert.equal(unchangedLine(['lib/a.ts'], 'function'), 'nothing to reload: lib/a.ts changes no function')
    assert.equal(
      unchangedLine(['a.yaml', 'b.yaml'], 'rule'),
      'nothing to reload: a.yaml, b.yaml change no rule',
    )
  })

  it('given what is read at the start only, then that', () => {
    assert.equal(
      restartLine(['serverless.yml']),
      'serverless.yml is read at the start only: start again to use what was changed',
    )
  })
})
