/** The consumers of patterns: what they emit, remember and forget. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rulesActivated } from '../../../../lib/alerting/activation.ts'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../../lib/alerting/entity-state.ts'
import { EVENTS, typeOfEvent } from '../../../../lib/alerting/patterns/events.ts'
import { grouping } from '../../../../lib/alerting/patterns/grouping.ts'
import type { AnyRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from '../../../../lib/alerting/patterns/pattern-event.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/state.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { ruleSetOf, rulesIn } from '../../../../lib/alerting/rule-set.ts'
import { schemaViolation } from '../../../../lib/app/schemas.ts'
import { entityErased } from '../../../../lib/telemetry/erasure.ts'
import type { Event } from '../../../../packages/runtime/consumer/event.ts'
import { Kit } from '../../../support/kit.ts'
import { environmentReading as reading } from '../../../support/records.ts'
import { ruleOf, stored } from '../support.ts'
import { patternOf } from './support.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const SENSOR = '/environment/test-site s-1'
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()
const activated = (minutes: number, ...rules: readonly AnyRule[]) =>
  rulesActivated(ruleSetOf(rules), 0, at(minutes))

const SILENT = patternOf(
  {
    sequence: [
      { family: 'environment', metric: 'temperature', fireAbove: 40 },
      { absence: { family: 'environment' }, within: '5m' },
    ],
  },
  { labels: { team: 'ops' }, summary: '{{group}} is silent for {{within}} ({{labels.team}})' },
)
const RESTARTS = patternOf({ count: 2, of: { event: 'instance.restarted' }, within: '1h', per: 'tenant' })

let count = 0
function restarted(minutes: number, id: string, tenant = 'acme'): Event {
  count += 1
  return {
    id: `e${count}`,
    source: '/activity',
    subject: id,
    type: typeOfEvent('instance.restarted'),
    time: at(minutes),
    datacontenttype: 'application/json',
    data: {
      entity: { source: '/database/postgres', subject: id },
      ...{ lastSeen: at(minutes), memoryBefore: 60, memoryAfter: 10, tenant },
    },
  }
}

/** Returns the alerts that a kit has published, as `12:05 P firing pattern`. */
const toldBy = (kit: { readonly published: readonly Event[] }) =>
  kit.published
    .filter(({ type }) => type !== PATTERN_EVENT_TYPE)
    .map(({ data }) => {
      const { rule, status, reason, ...alert } = data as Alert
      const time = 'endedAt' in alert ? alert.endedAt : alert.startedAt
      return `${time.slice(11, 16)} ${rule} ${status} ${reason}`
    })

describe('a pattern of one entity’s readings', () => {
  const hotThenSilent = async (minutes: number, ...rules: readonly AnyRule[]) => {
    const kit = new Kit<AlertingState>(alerting(rules))
    await kit.when(reading('a', { temperature: 41 }))
    await kit.pass(minutes * MINUTE)
    return kit
  }

  it('given heat and then silence, then the alert contains both, and the next reading resolves it', async () => {
    const kit = await hotThenSilent(10, SILENT)
    await kit.when(reading('b', { at: 900, temperature: 20 }))
    const [fired, resolved] = kit.published.map(({ data }) => data as Alert)
    const { alertId, fingerprint, ...facts } = fired as Alert
    assert.deepEqual(facts, {
      ...{ rule: 'P', severity: 'warning', status: 'firing', labels: { team: 'ops' } },
      summary: 's-1 is silent for 5 min (ops)',
      entity: { source: '/environment/test-site', subject: 's-1' },
      ...{ activeAt: at(0), startedAt: at(5), reason: 'pattern' },
    })
    assert.deepEqual(resolved, {
      ...{ ...facts, alertId, fingerprint },
      ...{ status: 'resolved', endedAt: at(15), reason: 'cleared' },
    })
    for (const { type, data } of kit.published) assert.equal(schemaViolation(type, data), undefined)
    await kit.pass(11 * MINUTE)
    assert.equal(await kit.state(SENSOR), undefined, 'nothing is remembered of it')
  })

  it('given ever new readings, then the timer moves with them, and rules of both kinds share a state', async () => {
    const kit = new Kit<AlertingState>(alerting([SILENT, ruleOf({ fireAbove: 40 })]))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 240, temperature: 41 }))
    const dues = Object.entries(await kit.timers(SENSOR)).map(([name, due]) => [
      name.split(' ').at(-1),
      due.toISOString().slice(11, 16),
    ])
    assert.deepEqual(
      dues.filter(([name]) => name === 'absence'),
      [['absence', '12:09']],
    )
    await kit.pass(10 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:00 HOT firing condition', '12:09 P firing pattern'])
  })

  it('given a rule that is removed or paused while nothing comes, then its alert ends within five minutes', async () => {
    for (const [next, reason] of [
      [[], 'rule-removed'],
      [[{ ...SILENT, paused: true }], 'rule-paused'],
    ] as const) {
      const kit = await hotThenSilent(20, SILENT)
      await kit.when(activated(20, ...next))
      await kit.pass(6 * MINUTE)
      assert.deepEqual(toldBy(kit), ['12:05 P firing pattern', `12:20 P resolved ${reason}`])
      assert.equal(await kit.state(SENSOR), undefined)
    }
  })

  it('given an edit of numbers, then the alert fires on; given one of events, then it ends', async () => {
    const longer = patternOf(
      {
        sequence: [
          { family: 'environment', metric: 'temperature', fireAbove: 40 },
          { absence: { family: 'environment' }, within: '50m' },
        ],
      },
      { labels: { team: 'ops' } },
    )
    const other = patternOf(
      {
        sequence: [
          { family: 'environment', metric: 'temperature', fireAbove: 45 },
          { absence: { family: 'environment' }, within: '5m' },
        ],
      },
      { labels: { team: 'ops' } },
    )
    const kit = await hotThenSilent(20, SILENT)
    await kit.when(activated(20, longer))
    await kit.pass(3 * 60 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:05 P firing pattern'])
    await kit.when(activated(200, other))
    await kit.pass(6 * MINUTE)
    assert.deepEqual(toldBy(kit).slice(1), ['15:20 P resolved rule-removed'])
  })

  it('given an entity that is erased or says nothing for days, then its alert ends', async () => {
    const erased = await hotThenSilent(10, SILENT)
    const about = { source: '/environment/test-site', subject: 's-1' }
    await erased.when(entityErased(about, { erasureId: 'x', requestedAt: at(11), partition: 0 }))
    assert.equal(toldBy(erased).at(-1)?.slice(6), 'P resolved erased')
    const kit = await hotThenSilent(10, SILENT)
    await kit.pass(10 * 24 * 60 * MINUTE)
    assert.equal(toldBy(kit).at(-1)?.slice(6), 'P resolved forgotten')
  })

  it('given a backlog that is read at once, then the same alerts fire and resolve, with the same ids', async () => {
    const live = await hotThenSilent(30, SILENT)
    await live.when(reading('b', { at: 3600, temperature: 20 }))
    const again = await hotThenSilent(30, SILENT)
    await again.when(reading('b', { at: 3600, temperature: 20 }))
    assert.deepEqual(again.published, live.published)
    // Without any time between them on the log.
    const kit = new Kit<AlertingState>(alerting([SILENT]))
    await kit.when(reading('late start', { at: 7200, temperature: 20 }))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 3600, temperature: 20 }))
    assert.deepEqual(toldBy(kit), ['12:05 P firing pattern', '13:00 P resolved cleared'])
  })
})

describe('what is sent to a group', () => {
  const grouped = patternOf({
    count: 2,
    of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
    within: '1h',
    per: 'site',
  })

  it('given readings, then only those that the pattern asks for are, once for each kind of group', async () => {
    const perTag = patternOf({ ...rowOf(grouped), per: 'tags.floor' }, { name: 'Q' })
    const kit = new Kit<AlertingState>(alerting([grouped, { ...grouped, name: 'R' }, perTag]))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 1, temperature: 39 }))
    const hot = reading('c', { at: 2, temperature: 42 })
    await kit.when({ ...hot, data: { ...(hot.data as object), tags: { floor: '3' } } })
    assert.deepEqual(
      kit.published.map(({ type, source, subject, time, data }) => [
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
    for (const { type, data } of kit.published) assert.equal(schemaViolation(type, data), undefined)
  })

  it('given events, then those of a rule that the log has activated, and none without a tenant', async () => {
    const kit = new Kit(grouping([]))
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
    const [event] = kit.published
    assert.deepEqual([event?.source, event?.subject, event?.time], ['/groups/tenant', 'acme', at(2)])
  })

  it('given every event that patterns know, then the topic carries it under that name', async () => {
    const activity = await import('../../../../lib/activity/process.ts')
    const types = Object.entries(activity).flatMap(([name, value]) => (name.endsWith('_TYPE') ? [value] : []))
    assert.ok(types.length > 0)
    assert.deepEqual(Object.keys(EVENTS).map(typeOfEvent).sort(), types.sort())
  })
})

describe('a pattern of a group', () => {
  /** Returns the messages that grouping makes of events, for the pattern. */
  const toGroups = async (...events: readonly Event[]) => {
    const kit = new Kit(grouping([RESTARTS]))
    await kit.when(...events)
    return kit.published
  }

  it('given events of two entities, then one alert fires for the group, and it is forgotten in the end', async () => {
    const kit = new Kit<PatternStates>(patterns([RESTARTS]))
    await kit.when(
      ...(await toGroups(restarted(0, 'db1'), restarted(10, 'db2', 'other'), restarted(30, 'db2'))),
    )
    assert.equal((await kit.state('/groups/tenant acme'))?.seenMs, START + 30 * MINUTE)
    await kit.pass(3 * 60 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:30 P firing pattern', '13:00 P resolved cleared'])
    for (const group of ['acme', 'other']) assert.equal(await kit.state(`/groups/tenant ${group}`), undefined)
    const [fired] = kit.published.map(({ data }) => data as Alert)
    assert.deepEqual([fired?.entity, fired?.value], [{ source: '/groups/tenant', subject: 'acme' }, 2])
  })

  it('given an event that is delivered again, then it counts once', async () => {
    const event = restarted(0, 'db1')
    const [first] = await toGroups(event)
    const [again] = await toGroups(event)
    assert.ok(first && again)
    assert.deepEqual(again, first, 'the same event is sent to the group as the same event')
    const kit = new Kit<PatternStates>(patterns([RESTARTS]))
    await kit.when(first, again)
    assert.deepEqual(kit.outcomes, ['applied/pending', 'duplicate/id-known'])
    assert.deepEqual(toldBy(kit), [])
  })

  it('given a rule that the log removes, then its alert ends with the next event or within five minutes', async () => {
    const kit = new Kit<PatternStates>(patterns([RESTARTS]))
    await kit.when(...(await toGroups(restarted(0, 'db1'), restarted(30, 'db2'))), activated(31))
    await kit.pass(3 * 60 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:30 P firing pattern', '12:35 P resolved rule-removed'])
  })

  it('given an absence in a group, then time waits a minute for those that are behind', async () => {
    const absent = patternOf({
      sequence: [{ event: 'instance.restarted' }, { absence: { event: 'instance.restarted' }, within: '5m' }],
      per: 'tenant',
    })
    const group = new Kit(grouping([absent]))
    await group.when(restarted(0, 'db1'), restarted(4, 'db2'))
    const [first, second] = group.published as [Event, Event]
    const kit = new Kit<PatternStates>(patterns([absent]))
    await kit.when(first)
    await kit.pass(6 * MINUTE)
    assert.deepEqual(toldBy(kit), [])
    await kit.when(second)
    await kit.pass(7 * MINUTE)
    assert.deepEqual(toldBy(kit), ['12:09 P firing pattern'])
  })
})

it('given patterns of every kind, when they are put into the log and read, then they are the same', () => {
  const rules = [
    SILENT,
    patternOf(
      {
        count: 2,
        of: { family: 'environment', metric: 'temperature', unit: '°F', fireOutside: [32, 104] },
        within: '1h30m',
      },
      { name: 'A' },
    ),
    patternOf(
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
        until: { event: 'device.fallen' },
      },
      { name: 'B', keepFiringFor: '1h', paused: true },
    ),
    { ...RESTARTS, name: 'C' },
  ]
  const set = stored(ruleSetOf(rules))
  const read = rulesIn(set)
  assert.ok('rules' in read, JSON.stringify(read))
  assert.deepEqual(
    read.rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  )
  assert.equal(ruleSetOf(read.rules).hash, set.hash)
})

/** The keys of a pattern's counting, for another group. */
function rowOf({ pattern }: { readonly pattern: unknown }) {
  assert.ok(pattern)
  return {
    count: 2,
    of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
    within: '1h',
  }
}
