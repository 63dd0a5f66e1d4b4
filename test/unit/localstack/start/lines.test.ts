import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readLogLine, readReport } from '../../../../localstack/start/lines.ts'

describe('a line of the reports of the trigger', () => {
  const report = { function: 'f', report: 'ended', reason: 'it threw' }

  it('given a report, then it is read', () => {
    assert.deepEqual(readReport(JSON.stringify(report)), report)
  })

  it('given what is left of one after a full disk, then it is broken, and nothing is thrown', () => {
    assert.equal(readReport(JSON.stringify(report).slice(0, 20)), 'broken')
  })

  it('given the line that ends such a rest where there was none, then it is empty', () => {
    assert.equal(readReport(''), 'empty')
  })
})

it('given log lines that are irrelevant or cut off, then they are ignored', () => {
  for (const line of [
    '{"level":"INFO","message":"done","service":"generator"}',
    '{"level":"WARN","message":"cut off',
    'msk  processor ← t  group g ready (12 partitions)',
    '(λ: processor) RequestId: 7  Duration: 1 ms  Billed Duration: 1 ms',
  ])
    assert.equal(readLogLine(line), undefined)
})
