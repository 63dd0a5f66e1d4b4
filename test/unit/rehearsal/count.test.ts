import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type RehearsalResults, violations } from '../../rehearsal/count.ts'

const EXPECTED = { sensors: ['a', 'b'], readings: 2, alerts: 1 }
const IDS = ['a-0', 'a-1', 'b-0', 'b-1']

function found(changes: Partial<RehearsalResults> = {}): RehearsalResults {
  return {
    readings: new Set(IDS),
    counted: new Map([
      ['a', 2],
      ['b', 2],
    ]),
    fired: new Map([
      ['a', new Set(['x'])],
      ['b', new Set(['y'])],
    ]),
    resolved: new Map([
      ['a', new Set(['x'])],
      ['b', new Set(['y'])],
    ]),
    failures: new Map([['processor', 0]]),
    ...changes,
  }
}

it('given all that was sent, once, then nothing is wrong', () => {
  assert.deepEqual(violations(EXPECTED, found()), [])
})

it('given something of another sensor, then it is not counted', () => {
  assert.deepEqual(violations(EXPECTED, found({ counted: new Map([...found().counted, ['c', 9]]) })), [])
})

it('given a reading that is not in Kafka, then it is named', () => {
  const readings = new Set(IDS.slice(1))
  assert.deepEqual(violations(EXPECTED, found({ readings })), ['a-0: acknowledged, but not in Kafka'])
})

it('given a reading that was counted twice or not at all, then its sensor is named', () => {
  const counted = new Map([
    ['a', 3],
    ['b', 1],
  ])
  assert.deepEqual(violations(EXPECTED, found({ counted })), [
    'a: the statistics have counted 3, and not 2',
    'b: the statistics have counted 1, and not 2',
  ])
})

it('given an alert that is missing, or one too many, then its sensor is named', () => {
  const fired = new Map([['a', new Set(['x', 'z'])]])
  assert.deepEqual(violations(EXPECTED, found({ fired })), [
    'a: alerts have fired 2, and not 1',
    'b: alerts have fired 0, and not 1',
  ])
})

it('given records that failed, then their consumer is named', () => {
  assert.deepEqual(violations(EXPECTED, found({ failures: new Map([['alerting', 2]]) })), [
    'alerting: 2 records have failed',
  ])
})

it('given that nothing was sent or looked at, then that is wrong', () => {
  assert.equal(violations({ ...EXPECTED, readings: 0 }, found()).length, 1)
  assert.equal(violations({ ...EXPECTED, sensors: [] }, found()).length, 1)
  assert.equal(violations(EXPECTED, found({ failures: new Map() })).length, 1)
})
