import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { afterAttempt, isOverAge } from '../../deliver/retries.ts'
import { createMapping, part, show } from './support.ts'

const unit = { parts: [part(0, 0, 1, 2, 3)], failures: 0, invocations: 0 }
const thrown = { again: unit.parts }
const reported = { again: [part(0, 1, 2, 3)], reported: [part(0, 1)] }

/** Each unit as `<records> <failures>`, and the exhausted records. */
function after(
  failures: number,
  outcome: Parameters<typeof afterAttempt>[1],
  policy: Parameters<typeof createMapping>[0],
) {
  const { exhausted, units } = afterAttempt({ ...unit, failures }, outcome, createMapping(policy))
  return { exhausted: show(exhausted), units: units.map(unit => `${show(unit.parts)} ${unit.failures}`) }
}

describe('after an attempt', () => {
  it('successful records are not retried', () => {
    assert.deepEqual(after(0, { again: [] }, {}), { exhausted: '', units: [] })
  })

  it('failed records are retried, without limit if no maximum is set (rules 22, 26)', () => {
    assert.deepEqual(after(1_000_000, thrown, {}), { exhausted: '', units: ['0@0,1,2,3 1000001'] })
  })

  // Promise packages/msk-trigger/RULES.md#rule 26
  it('the first attempt is not a retry: with a maximum of 2 the third is the last (rule 26)', () => {
    const policy = { maximumRetryAttempts: 2 }
    assert.deepEqual(after(1, thrown, policy), { exhausted: '', units: ['0@0,1,2,3 2'] })
    assert.deepEqual(after(2, thrown, policy), { exhausted: '0@0,1,2,3', units: [] })
    assert.deepEqual(after(0, thrown, { maximumRetryAttempts: 0 }), { exhausted: '0@0,1,2,3', units: [] })
  })

  it('a record that stays in batchItemFailures uses up the retries; later ones start afresh (rule 32)', () => {
    const policy = { maximumRetryAttempts: 1 }
    assert.deepEqual(after(0, reported, policy), { exhausted: '', units: ['0@1,2,3 1'] })
    assert.deepEqual(after(1, reported, policy), { exhausted: '0@1', units: ['0@2,3 0'] })
  })
})

describe('bisect', () => {
  const bisect = { bisectBatchOnFunctionError: true }

  // Promise packages/msk-trigger/RULES.md#rule 29
  it('splits after a function error; a single record is not split (rule 29)', () => {
    assert.deepEqual(after(0, thrown, bisect).units, ['0@0,1 0', '0@2,3 0'])
    assert.deepEqual(after(4, { again: [part(0, 7)] }, bisect).units, ['0@7 5'])
  })

  it('keeps records named by a partial response together', () => {
    assert.deepEqual(after(0, reported, bisect).units, ['0@1,2,3 1'])
  })
})

describe('the age of a record (rule 28)', () => {
  it('is exceeded above the maximum, and never without one', () => {
    const policy = createMapping({ maximumRecordAgeMs: 60_000 })
    assert.equal(isOverAge(1_000, policy, 61_000), false)
    assert.equal(isOverAge(1_000, policy, 61_001), true)
    assert.equal(isOverAge(0, createMapping(), 1e15), false)
  })

  it('given a record without a timestamp, then it has none', () => {
    const policy = createMapping({ maximumRecordAgeMs: 60_000 })
    assert.equal(isOverAge(-1, policy, 1e15), false)
    assert.equal(isOverAge(-2, policy, 1e15), true)
  })
})
