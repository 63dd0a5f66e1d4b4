import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fires } from '../../../../lib/alerting/condition.ts'
import { thresholdRules } from '../../../../lib/alerting/patterns/pattern.ts'
import { loadRules } from '../../../../lib/alerting/rules-directory.ts'
import { EXPECTED_RULES, SmokeReadings } from '../../../../localstack/smoke/readings.ts'
import { failureOf, type SmokeProgress, summaryOf } from '../../../../localstack/smoke/result.ts'
import { PROJECT } from '../../../support/program.ts'

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
    assert.equal(failureOf(ALL), undefined)
    assert.deepEqual(summaryOf(ALL), [
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
      assert.match(failureOf({ ...ALL, ...seen }) ?? '', message)
    })

  it('given other rules, then no alert is expected', () => {
    assert.equal(failureOf({ ...ALL, expected: [], fired: new Set() }), undefined)
  })
})

describe('the readings of a smoke test', () => {
  it('are 20, and violate exactly the expected shipped rules', async () => {
    const rules = thresholdRules(await loadRules(`${PROJECT}/config/rules`)).filter(
      ({ family }) => family === 'environment',
    )
    const data = new SmokeReadings('test', Date.now())
      .records()
      .map(({ value }) => JSON.parse(String(value)) as Record<string, number>)
    assert.equal(data.length, 20)
    const broken = rules.filter(({ metric, condition }) =>
      data.some(one => one[metric] !== undefined && fires(condition, Number(one[metric]))),
    )
    assert.deepEqual(broken.map(({ name }) => name).toSorted(), EXPECTED_RULES.toSorted())
  })

  it('are of a new sensor each time', () => {
    assert.notEqual(new SmokeReadings('test', 0).sensor, new SmokeReadings('test', 0).sensor)
  })
})
