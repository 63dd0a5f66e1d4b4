/** Rules over several events whose durations are edited while something is under way, and nothing comes any more. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import type { PatternRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { PATTERN_EVENT_TYPE } from '../../../../lib/alerting/patterns/pattern-event.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/pattern-run.ts'
import { patternsInForce } from '../../../../lib/alerting/patterns/patterns-in-force.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import { buildRuleSet } from '../../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../../lib/alerting/rules-activated.ts'
import { FAMILIES } from '../../../support/families.ts'
import { Kit } from '../../../support/kit.ts'
import { createPattern, type Happened } from './support.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()
const FELL = { event: 'device.fallen' }
const WALKS = { event: 'activity.changed', where: { to: 'walking' } }

const pair = (within: string, keepFiringFor: string) =>
  createPattern({ sequence: [FELL, { ...WALKS, within }] }, { keepFiringFor })
const count = (of: number, within: string, keepFiringFor?: string) =>
  createPattern({ count: of, of: FELL, within }, keepFiringFor ? { keepFiringFor } : {})

/** The rule is another from a minute on; times are minutes. Then time passes, until all is over. */
async function edited(
  before: PatternRule,
  events: readonly Happened[],
  editMs: number,
  after: PatternRule,
  passedMs = 11 * 60,
): Promise<{ readonly told: readonly string[]; readonly kit: Kit<PatternStates> }> {
  const [keyed] = patternsInForce([before]).byKey.values()
  const kit = new Kit<PatternStates>(patterns(FAMILIES, [before]))
  const happened = (of: readonly Happened[]) =>
    of.map(({ atMs, met = [] }, index) => ({
      ...{ id: `${atMs} ${index}`, source: '/device/m1', subject: 'd1', type: PATTERN_EVENT_TYPE },
      ...{ time: at(atMs), datacontenttype: 'application/json' },
      data: {
        entity: { source: '/device/m1', subject: 'd1' },
        ...{ per: 'entity', matches: met.map(place => keyed?.matcherKeys[place]) },
      },
    }))
  const records = [
    ...happened(events.filter(({ atMs }) => atMs <= editMs)),
    rulesActivated(buildRuleSet([after]), 0, at(editMs)),
    ...happened(events.filter(({ atMs }) => atMs > editMs)),
  ]
  let logMs: number | undefined
  for (const record of records) {
    const timeMs = Date.parse(record.time ?? '')
    if (logMs !== undefined) await kit.pass(timeMs - logMs)
    await kit.when(record)
    logMs = timeMs
  }
  await kit.pass(passedMs * MINUTE)
  const told = kit.publishedEvents.map(({ data }) => {
    const alert = data as Alert
    const time = alert.status === 'firing' ? alert.startedAt : alert.endedAt
    return `${alert.status === 'firing' ? 'fired' : 'resolved'} ${(Date.parse(time) - START) / MINUTE}`
  })
  return { told, kit }
}

const both = [
  { atMs: 0, met: [0] },
  { atMs: 1, met: [1] },
]
const twice = [
  { atMs: 0, met: [0] },
  { atMs: 1, met: [0] },
]

describe('a pattern whose durations are edited, and nothing comes any more', () => {
  const table: [string, PatternRule, readonly Happened[], PatternRule, string[]][] = [
    ['a shorter one', pair('5m', '10h'), both, pair('5m', '10m'), ['fired 1', 'resolved 11']],
    ['a longer one', pair('5m', '10m'), both, pair('5m', '1h'), ['fired 1', 'resolved 61']],
    ['less time to count in', count(2, '10h'), twice, count(2, '10m'), ['fired 1', 'resolved 10']],
  ]
  for (const [what, before, events, after, expected] of table)
    it(`given ${what}, then it fires and resolves by the new durations`, async () => {
      assert.deepEqual((await edited(before, events, 2, after)).told, expected)
    })

  it('given a rule that is gone after its alert resolved, then it does not resolve again', async () => {
    const kit = new Kit<PatternStates>(patterns(FAMILIES, [count(2, '10m')]))
    const [keyed] = patternsInForce([count(2, '10m')]).byKey.values()
    const entity = { source: '/device/m1', subject: 'd1' }
    const fell = (minute: number) => ({
      ...{ id: `fell ${minute}`, ...entity, type: PATTERN_EVENT_TYPE, time: at(minute) },
      ...{
        datacontenttype: 'application/json',
        data: { entity, per: 'entity', matches: keyed?.matcherKeys },
      },
    })
    await kit.when(fell(0), fell(1))
    await kit.pass(10 * MINUTE)
    // The count starts again, so that the rule is still known to the entity when it is removed.
    await kit.when(fell(12))
    await kit.when(rulesActivated(buildRuleSet([]), 0, at(12)))
    await kit.pass(10 * MINUTE)
    const statuses = kit.publishedEvents.map(({ data }) => (data as Alert).status)
    assert.deepEqual(statuses, ['firing', 'resolved'])
  })

  it('given a rule that counts more from now on, then its alert resolves within five minutes', async () => {
    const { told, kit } = await edited(count(2, '10h'), twice, 2, count(4, '10h'))
    assert.deepEqual(told, ['fired 1', 'resolved 5'])
    assert.equal(await kit.state('/device/m1 d1'), undefined)
  })
})
