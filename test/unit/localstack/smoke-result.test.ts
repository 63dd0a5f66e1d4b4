import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeFailure, formatSummary, type SmokeProgress } from '../../../localstack/smoke-result.ts'

const ALL: SmokeProgress = {
  sent: 20,
  processed: 20,
  expected: ['HIGH_TEMP', 'HIGH_WIND', 'LOW_PRESSURE'],
  fired: new Set(['HIGH_TEMP', 'HIGH_WIND', 'LOW_PRESSURE']),
  pending: new Map([
    ['processor', 0],
    ['alerting', 0],
  ]),
}

describe('the result of a smoke test', () => {
  it('given that all readings were processed, then it has no failure, and the figures say so', () => {
    assert.equal(describeFailure(ALL), undefined)
    assert.deepEqual(formatSummary(ALL), [
      'Messages processed: 20',
      'Alerts generated: 3',
      'Messages pending in queue: 0',
    ])
  })

  const failures: [what: string, seen: Partial<SmokeProgress>, message: RegExp][] = [
    [
      'a consumer that makes no progress',
      { pending: new Map([...ALL.pending, ['alerting', 7]]), fired: new Set() },
      /^pending: 7 at alerting; no alerts of HIGH_TEMP, HIGH_WIND, LOW_PRESSURE\. Check that the stack is running\./,
    ],
    [
      'readings that were not counted',
      { processed: 18 },
      /^2 of 20 readings were not processed by processor\./,
    ],
    [
      'a missing alert',
      { fired: new Set(['HIGH_TEMP', 'HIGH_WIND']) },
      /^no alerts of LOW_PRESSURE\. .*RULES_DIR/,
    ],
    ['no consumer at all', { pending: new Map() }, /^no function in serverless\.yml reads the topic/],
  ]
  for (const [what, seen, message] of failures)
    it(`given ${what}, then it is named, with what to check`, () => {
      assert.match(describeFailure({ ...ALL, ...seen }) ?? '', message)
    })
})
