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

describe('the lines about a save', () => {
  it('given functions that were reloaded, then they name them and the reason', () => {
    assert.equal(reloadedLine(['alerting'], '2 rules changed'), 'reloaded alerting: 2 rules changed')
    assert.equal(
      reloadedLine(['processor', 'alerting'], 'lib/app/topics.ts'),
      'reloaded processor, alerting: lib/app/topics.ts',
    )
  })

  it('given many files, then they name one of them and the number of others', () => {
    assert.equal(filesNamed(['a.ts', 'b.ts', 'c.ts']), 'a.ts, b.ts, c.ts')
    assert.equal(filesNamed(['a.ts', 'b.ts', 'c.ts', 'd.ts']), 'a.ts and 3 more files')
  })

  it('given an error that several functions share, then they show it once, with every line', () => {
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

  it('given a save without effect, then they say so', () => {
    assert.equal(unchangedLine(['lib/a.ts'], 'function'), 'nothing to reload: lib/a.ts affects no function')
    assert.equal(
      unchangedLine(['a.yaml', 'b.yaml'], 'rule'),
      'nothing to reload: a.yaml, b.yaml affect no rule',
    )
  })

  it('given a file that is read only at startup, then they say to restart', () => {
    assert.equal(
      restartLine(['serverless.yml']),
      'serverless.yml is read only at startup: restart to use the change',
    )
  })
})
