import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readReport } from '../../../../localstack/start/report-lines.ts'

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
