import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRules } from '../../../../lib/adapters/files/rules.ts'
import { isBeyond } from '../../../../lib/domain/alerting/rule.ts'
import { EXPECTED_RULES, SmokeReadings } from '../../../../localstack/smoke/readings.ts'
import { failureOf, type Seen, summaryOf } from '../../../../localstack/smoke/result.ts'
import { PROJECT } from '../../../support/program.ts'

const ALL: Seen = {
  sent: 20,
  processed: 20,
  expected: ['HIGH_TEMP', 'HIGH_WIND', 'LOW_PRESSURE'],
  fired: new Set(['HIGH_TEMP', 'HIGH_WIND', 'LOW_PRESSURE']),
  pending: new Map([
    ['processor', 0],
    ['alerting', 0],
  ]),
}

describe('what has become of the readings', () => {
  it('given that all got through, then nothing failed, and the figures say so', () => {
    assert.equal(failureOf(ALL), undefined)
    assert.deepEqual(summaryOf(ALL), [
      'Messages processed: 20',
      'Alerts generated: 3',
      'Messages pending in queue: 0',
    ])
  })

  const failures: [what: string, seen: Partial<Seen>, message: RegExp][] = [
    [
      'a consumer that does not go on',
      { pending: new Map([...ALL.pending, ['alerting', 7]]), fired: new Set() },
      /^pending: 7 at alerting; no alert of HIGH_TEMP, HIGH_WIND, LOW_PRESSURE\. Does the stack run\?/,
    ],
    ['readings that nobody counted', { processed: 18 }, /^2 of 20 readings are not counted by processor\./],
    [
      'an alert that does not come',
      { fired: new Set(['HIGH_TEMP', 'HIGH_WIND']) },
      /^no alert of LOW_PRESSURE\. .*RULES_DIR/,
    ],
    ['no consumer at all', { pending: new Map() }, /^no function of serverless\.yml reads the topic/],
  ]
  for (const [what, seen, message] of failures)
    it(`given ${what}, then it is named, with what to look at`, () => {
      assert.match(failureOf({ ...ALL, ...seen }) ?? '', message)
    })

  it('given rules of somebody else, then no alert is waited for', () => {
    assert.equal(failureOf({ ...ALL, expected: [], fired: new Set() }), undefined)
  })
})

describe('the readings that are sent', () => {
  it('are 20, and break exactly the rules that are expected, which ship', async () => {
    const rules = (await loadRules(`${PROJECT}/rules`)).filter(({ family }) => family === 'environment')
    const data = new SmokeReadings('test', Date.now())
      .records()
      .map(({ value }) => JSON.parse(String(value)) as Record<string, number>)
    assert.equal(data.length, 20)
    const broken = rules.filter(({ metric, beyond, fireThreshold }) =>
      data.some(one => isBeyond(beyond, Number(one[metric]), fireThreshold)),
    )
    assert.deepEqual(broken.map(({ name }) => name).toSorted(), EXPECTED_RULES.toSorted())
  })

  it('are of another sensor each time', () => {
    assert.notEqual(new SmokeReadings('test', 0).sensor, new SmokeReadings('test', 0).sensor)
  })
})
