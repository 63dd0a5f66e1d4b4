/** The consumers of patterns: what they emit, remember and forget. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../../lib/alerting/entity-state.ts'
import { EVENTS, toEventType } from '../../../../lib/alerting/patterns/event-names.ts'
import { grouping } from '../../../../lib/alerting/patterns/grouping.ts'
import type { AnyRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from '../../../../lib/alerting/patterns/pattern-event.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/pattern-run.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { buildRuleSet, listRules } from '../../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../../lib/alerting/rules-activated.ts'
import { schemaViolation } from '../../../../lib/app/data/schema-violation.ts'
import { FAMILIES } from '../../../support/families.ts'
import { Kit } from '../../../support/kit.ts'
import { stored } from '../support.ts'
import { createPattern } from './support.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const SENSOR = '/environment/test-site s-1'
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()
const activated = (minutes: number, ...rules: readonly AnyRule[]) =>
  rulesActivated(buildRuleSet(rules), 0, at(minutes))

const PAIR = createPattern(
  {
    sequence: [
      { family: 'environment', metric: 'temperature', fireAbove: 40 },
      { family: 'environment', within: '5m' },
    ],
  },
  { keepFiringFor: '1m', labels: { team: 'ops' }, summary: '{{group}} within {{within}} ({{labels.team}})' },
)
const RESTARTS = createPattern({ count: 2, of: { event: 'instance.restarted' }, within: '1h', per: 'tenant' })

let count = 0
function restarted(minutes: number, id: string, tenant = 'acme'): Event {
  count += 1
  return {
    id: `e${count}`,
    source: '/activity',
    subject: id,
    type: toEventType('instance.restarted'),
    time: at(minutes),
    datacontenttype: 'application/json',
    data: {
      entity: { source: '/database/postgres', subject: id },
      ...{ lastSeen: at(minutes), memoryBefore: 60, memoryAfter: 10, tenant },
    },
  }
}

/** Returns the alerts that a kit has published, as `12:05 P firing pattern`. */
const toldBy = (kit: { readonly publishedEvents: readonly Event[] }) =>
  kit.publishedEvents
    .filter(({ type }) => type !== PATTERN_EVENT_TYPE)
    .map(({ data }) => {
      const { rule, status, reason, ...alert } = data as Alert
      const time = 'endedAt' in alert ? alert.endedAt : alert.startedAt
      return `${time.slice(11, 16)} ${rule} ${status} ${reason}`
    })

describe('what is sent to a group', () => {
  const grouped = createPattern({
    count: 2,
    of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
    within: '1h',
    per: 'site',
  })

  it('given readings, then only those that the pattern asks for are, once for each kind of group', async () => {
    const perTag = createPattern({ ...createRow(grouped), per: 'tags.floor' }, { name: 'Q' })
    const kit = new Kit<AlertingState>(alerting(FAMILIES, [grouped, { ...grouped, name: 'R' }, perTag]))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 1, temperature: 39 }))
    const hot = reading('c', { at: 2, temperature: 42 })
    await kit.when({ ...hot, data: { ...(hot.data as object), tags: { floor: '3' } } })
    assert.deepEqual(
      kit.publishedEvents.map(({ type, source, subject, time, data }) => [
        type,
        source,
        subject,
        time?.slice(14, 19),
        (data as PatternEvent).per,
      ]),
      [
        [PATTERN_EVENT_TYPE, '/groups/site', 'test-site', '00:00', 'site'],
        [PATTERN_EVENT_TYPE, '/groups/site', 'test-site', '00:02', 'site'],
        [PATTERN_EVENT_TYPE, '/groups/tags/floor', '3', '00:02', 'tags.floor'],
      ],
    )
    assert.equal(await kit.state(SENSOR), undefined)
    for (const { type, data } of kit.publishedEvents)
      assert.equal(schemaViolation(FAMILIES, type, data), undefined)
  })

  it('given events, then those of a rule that the log has activated, and none without a tenant', async () => {
    const kit = new Kit(grouping(FAMILIES, []))
    const without = restarted(3, 'db1')
    const { tenant: _, ...data } = without.data as Record<string, unknown>
    const steps = await kit.when(
      restarted(0, 'db1'),
      activated(1, RESTARTS),
      restarted(2, 'db1'),
      { ...without, data },
      activated(4),
      restarted(5, 'db1'),
    )
    assert.deepEqual(
      steps.map(({ reason }) => reason),
      ['no-rule', 'grouped', 'no-group', 'no-rule'],
    )
    const [event] = kit.publishedEvents
    assert.deepEqual([event?.source, event?.subject, event?.time], ['/groups/tenant', 'acme', at(2)])
  })

  it('given every event that patterns know, then the topic carries it under that name', async () => {
    const activity = await import('../../../../lib/activity/process.ts')
    const types = Object.entries(activity).flatMap(([name, value]) => (name.endsWith('_TYPE') ? [value] : []))
    assert.ok(types.length > 0)
    assert.deepEqual(Object.keys(EVENTS).map(toEventType).sort(), types.sort())
  })
})

describe('a pattern of a group', () => {
  /** Returns the messages that grouping makes of events, for the pattern. */
  const toGroups = async (...events: readonly Event[]) => {
    const kit = new Kit(grouping(FAMILIES, [RESTARTS]))
    await kit.when(...events)
    return kit.publishedEvents
  }

  it('given events of two entities, then one alert fires for the group, and it is forgotten in the end', async () => {
    const kit = new Kit<PatternStates>(patterns(FAMILIES, [RESTARTS]))
    await kit.when(
      ...(await toGroups(restarted(0, 'db1'), restarted(10, 'db2', 'other'), restarted(30, 'db2'))),
    )
    await kit.pass(3 * 60 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:30 P firing pattern', '13:00 P resolved cleared'])
    for (const group of ['acme', 'other']) assert.equal(await kit.state(`/groups/tenant ${group}`), undefined)
    const [fired] = kit.publishedEvents.map(({ data }) => data as Alert)
    assert.deepEqual([fired?.entity, fired?.value], [{ source: '/groups/tenant', subject: 'acme' }, 2])
  })

  it('given a rule that the log removes, then its alert ends with the next event or within five minutes', async () => {
    const kit = new Kit<PatternStates>(patterns(FAMILIES, [RESTARTS]))
    await kit.when(...(await toGroups(restarted(0, 'db1'), restarted(30, 'db2'))), activated(31))
    await kit.pass(3 * 60 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:30 P firing pattern', '12:35 P resolved rule-removed'])
  })

  it('given heat and then a reading, then the alert contains both, and time resolves it', async () => {
    const sent = new Kit<AlertingState>(alerting(FAMILIES, [PAIR]))
    await sent.when(reading('a', { temperature: 41 }), reading('b', { at: 240, temperature: 20 }))
    const kit = new Kit<PatternStates>(patterns(FAMILIES, [PAIR]))
    await kit.when(...sent.publishedEvents)
    await kit.pass(30 * MINUTE)
    const [fired, resolved] = kit.publishedEvents.map(({ data }) => data as Alert)
    const { alertId, fingerprint, ...facts } = fired as Alert
    assert.deepEqual(facts, {
      ...{ rule: 'P', severity: 'warning', status: 'firing', labels: { team: 'ops' } },
      summary: 's-1 within 5 min (ops)',
      entity: { source: '/environment/test-site', subject: 's-1' },
      ...{ activeAt: at(4), startedAt: at(4), reason: 'pattern' },
    })
    assert.deepEqual(resolved, {
      ...{ ...facts, alertId, fingerprint },
      ...{ status: 'resolved', endedAt: at(5), reason: 'cleared' },
    })
    for (const { type, data } of kit.publishedEvents)
      assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    assert.equal(await kit.state(SENSOR), undefined, 'nothing is remembered of it')
  })
})

it('given patterns of every kind, when they are put into the log and read, then they are the same', () => {
  const rules = [
    PAIR,
    createPattern(
      {
        count: 2,
        of: { family: 'environment', metric: 'temperature', unit: '°F', fireOutside: [32, 104] },
        within: '1h30m',
      },
      { name: 'A' },
    ),
    createPattern(
      {
        sequence: [
          {
            event: 'activity.changed',
            where: { to: ['falling', 'resting'] },
            match: { model: 'm1', tags: { floor: '3' } },
          },
          { family: 'device', metric: 'activity', fireEquals: 'walking', within: '1m' },
        ],
        per: 'tags.floor',
      },
      { name: 'B', keepFiringFor: '1h', paused: true },
    ),
    { ...RESTARTS, name: 'C' },
  ]
  const set = stored(buildRuleSet(rules))
  const read = listRules(FAMILIES, set)
  assert.ok('rules' in read, JSON.stringify(read))
  assert.deepEqual(
    read.rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  )
  assert.equal(buildRuleSet(read.rules).hash, set.hash)
})

/** The keys of a pattern's counting, for another group. */
function createRow({ pattern }: { readonly pattern: unknown }) {
  assert.ok(pattern)
  return {
    count: 2,
    of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
    within: '1h',
  }
}
