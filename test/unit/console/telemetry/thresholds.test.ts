import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listWatchingRules } from '../../../../console/api/telemetry/entity-details.ts'
import type { AnyRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { rulesInForce } from '../../../../lib/alerting/rules-in-force.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createRule } from '../../alerting/support.ts'

const RULES: readonly AnyRule[] = [
  createRule({
    name: 'BAND',
    fireOutside: [0, 40],
    clearInside: [2, 38],
    for: '5m',
    labels: { team: 'ops' },
  }),
  createRule({ name: 'HERE', fireAbove: 30, match: { site: 'berlin' } }),
  createRule({ name: 'ONE', fireAbove: 20, match: { entity: 's-1' } }),
  createRule({ name: 'JUMP', fireAbove: 5, changeOver: '10m' }),
  createRule({ name: 'BROKEN', metric: 'status', fireEquals: 'degraded' }),
  createRule({ name: 'OFF', fireAbove: 1, paused: true }),
  createRule({ name: 'CPU', family: 'database', metric: 'cpuUsagePercent', fireAbove: 80 }),
]
const BERLIN = { location: { site: 'berlin' } }

const names = (subject: string, newest?: object) =>
  listWatchingRules(FAMILIES, RULES, { family: 'environment', subject, newest: newest as never }).map(
    ({ name }) => name,
  )

describe('the rules that watch an entity', () => {
  it('given rules of several families and sites, then those of the entity are shown', () => {
    assert.deepEqual(names('s-1', BERLIN), ['BAND', 'HERE', 'ONE', 'JUMP', 'BROKEN', 'OFF'])
    assert.deepEqual(names('s-2', { location: { site: 'paris' } }), ['BAND', 'JUMP', 'BROKEN', 'OFF'])
  })

  it('given no reading, then rules that ask for a site are left out', () => {
    assert.deepEqual(names('s-1'), ['BAND', 'ONE', 'JUMP', 'BROKEN', 'OFF'])
  })

  it('given limits of every kind, then each is shown with its compared value', () => {
    const found = listWatchingRules(FAMILIES, RULES, { family: 'environment', subject: 's-1' })
    const [band, , jump, broken, off] = found
    assert.deepEqual(band, {
      rule: 'BAND{team="ops"}',
      name: 'BAND',
      metric: 'temperature',
      severity: 'warning',
      compares: 'value',
      text: 'outside 0 to 40 °C',
      unit: '°C',
      fireAbove: 40,
      fireBelow: 0,
      clearBelow: 38,
      clearAbove: 2,
      states: [],
      forMs: 300_000,
      isPaused: false,
    })
    assert.deepEqual([jump?.compares, jump?.fireAbove, jump?.fireBelow], ['change', 5, null])
    assert.deepEqual([broken?.compares, broken?.states, broken?.fireAbove], ['state', ['degraded'], null])
    assert.equal(off?.isPaused, true)
  })

  it('given a rule that learns, then it says for how long, and which values are usual', () => {
    const rule = createRule({ anomaly: { learnFor: '2d' } })
    const [keyed] = rulesInForce([rule]).byKey.values()
    const { historyKey = '', remembering: kind } = keyed ?? {}
    let state: object | undefined
    for (let index = 0; index < 288; index += 1)
      state = kind?.memory.compare(kind.own, state, index * 300_000, 20 + (index % 5)).state
    const history = { [historyKey]: state as object }
    const times = { endsMs: 288 * 300_000, spanMs: 3_600_000 }
    const [found] = listWatchingRules(FAMILIES, [rule], {
      family: 'environment',
      subject: 's-1',
      history,
      ...times,
    })
    const { learningMs = 0, usual = [] } = found?.learned ?? {}
    assert.equal(learningMs, 2 * 86_400_000 - 287 * 300_000)
    assert.deepEqual([usual.at(0)?.[0], usual.at(-1)?.[0]], [times.endsMs - times.spanMs, times.endsMs])
    for (const [, least, most] of usual) assert.ok((least ?? 0) < 20 && (most ?? 0) > 24)
    const [unknown] = listWatchingRules(FAMILIES, [rule], { family: 'environment', subject: 's-1' })
    assert.equal(unknown?.learned, undefined)
  })
})
