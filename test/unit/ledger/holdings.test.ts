import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { comparePartition } from '../../ledger/count/holdings.ts'
import { TWICE, Violations } from '../../ledger/count/violations.ts'

const STATE_KEY = { consumer: 'counting', topic: 'readings', partition: 0 }
const NOTHING = new Map<string, never>()
const OF_FOREIGN = 'foreign records without exactly one outcome'

describe('the ledger with records of another producer', () => {
  it('given one outcome for each record, then there is no violation', () => {
    assert.deepEqual(
      kinds({ 'applied/counted': 1, 'ignored/not-mine': 2, 'failed/malformed-event': 1 }, 3),
      [],
    )
  })

  it('given a record with no outcome or two outcomes, then that is a violation', () => {
    assert.deepEqual(kinds({ 'applied/counted': 1, 'ignored/not-mine': 2 }, 3), [OF_FOREIGN])
    assert.deepEqual(kinds({ 'applied/counted': 1, 'ignored/not-mine': 4 }, 3), [OF_FOREIGN])
  })

  it('given a record that was applied, then that is a violation', () => {
    assert.deepEqual(kinds({ 'applied/counted': 2, 'ignored/not-mine': 2 }, 3), [TWICE, OF_FOREIGN])
  })

  it('given no other producer, then an extra outcome is a wrong counter', () => {
    assert.deepEqual(kinds({ 'applied/counted': 1, 'ignored/not-mine': 1 }, 0), ['wrong outcome counters'])
  })
})

/** The violations for these counters, if the reference has one applied record, and this many records of another producer. */
function kinds(tally: Readonly<Record<string, number>>, foreign: number): readonly string[] {
  const violations = new Violations()
  const stored = {
    appliedOffset: 3,
    outbox: 0,
    tally: new Map(Object.entries(tally)),
    states: NOTHING,
    timers: NOTHING,
    holds: NOTHING,
    holders: NOTHING,
  }
  const expected = { tally: new Map([['applied/counted', 1]]), states: NOTHING, timers: NOTHING, foreign }
  comparePartition(STATE_KEY, stored, { end: 4, expected }, violations)
  return violations.kinds
}
