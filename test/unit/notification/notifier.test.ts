import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TOPICS } from '../../../lib/app/naming/topic-table.ts'
import {
  ENDED_FIRST_MS,
  type Group,
  newGroup,
  withFired,
  withResolved,
} from '../../../lib/notification/group.ts'
import { dropMoreBefore } from '../../../lib/notification/more-alerts.ts'
import { NOTHING_MUTED } from '../../../lib/notification/mutes-in-force.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { createBegin, getName, LATE_CHANGES } from '../../support/late-changes.ts'
import {
  at,
  fired,
  itNotifies,
  notifications,
  pipeline,
  played,
  resolved,
  routed,
  silence,
  silences,
  TARGET,
} from './support.ts'

const MINUTE = 60
const HOUR = 3600
const first = silences(0, 1)

describe('given a log of routed alerts', () =>
  itNotifies([
    ['an alert that fires', [routed(1, fired('a'))], 10 * MINUTE, ['+31 new firing: a']],
    [
      'alerts that end one after the other, then each end once, and the last closes the group',
      [routed(1, fired('a')), routed(2, fired('b')), routed(400, resolved('a')), routed(1000, resolved('b'))],
      HOUR,
      ['+31 new firing: a b', '+430 changed firing: b -a', '+1030 resolved resolved: -b'],
    ],
    [
      'one alert reported by several partitions, also after its end, then it counts once',
      [
        ...[1, 2, 3].map(second => routed(second, fired('a'))),
        routed(400, resolved('a')),
        routed(401, fired('a')),
        routed(402, resolved('a')),
        routed(2000, fired('a')),
      ],
      2 * HOUR,
      ['+31 new firing: a', '+430 resolved resolved: -a'],
    ],
  ]))

const onOslo = { source: ['/environment/*lo'] }
describe('given silences, or the pipeline down', () =>
  itNotifies([
    [
      'a silence that begins and ends while the alert fires, then repeats go on',
      [routed(1, fired('a')), silences(100, 2, silence('s', 100, 2 * HOUR, onOslo))],
      2 * HOUR + 10 * MINUTE,
      ['+31 new firing: a', '+7231 repeat firing: a'],
    ],
    [
      'two silences, one after the other, then it is sent after the second',
      [
        silences(1, 2, silence('s', 0, 600, onOslo), silence('t', 500, 900, { rule: ['HIGH_*'] })),
        routed(2, fired('a')),
      ],
      HOUR,
      ['+900 new firing: a'],
    ],
    [
      'an older set of silences that arrives last, then it changes nothing',
      [silences(1, 3, silence('s', 0, 1000, onOslo)), silences(2, 2), routed(3, fired('a'))],
      HOUR,
      ['+1000 new firing: a'],
    ],
    [
      'the pipeline down, then silent entities are muted, and the others are not',
      [
        pipeline(1, 'firing'),
        routed(2, fired('a', { rule: 'NoData', reason: 'silent' })),
        routed(3, fired('b', { reason: 'silent' })),
        routed(4, fired('c')),
      ],
      10 * MINUTE,
      ['+32 new firing: c'],
    ],
    [
      'the pipeline alert of several partitions, one of them late, then its end holds',
      [
        pipeline(1, 'firing'),
        pipeline(2, 'resolved'),
        pipeline(3, 'firing'),
        routed(4, fired('a', { reason: 'silent' })),
      ],
      10 * MINUTE,
      ['+34 new firing: a'],
    ],
    [
      'silences that change while the pipeline is down, then it still mutes',
      [
        pipeline(1, 'firing'),
        silences(2, 2, silence('s', 0, HOUR, { entity: ['b'] })),
        routed(3, fired('a', { reason: 'silent' })),
        routed(4, fired('b')),
        routed(5, fired('c')),
      ],
      10 * MINUTE,
      ['+33 new firing: c'],
    ],
  ]))

describe('given more alerts than a notification has room for', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`)

  it('when they fire and end, then 100 are shown and the rest counted, and the group ends with the last', async () => {
    const ids = many(130)
    const kit = await played(
      [first, ...ids.map(id => routed(1, fired(id))), ...ids.map(id => routed(1000, resolved(id)))],
      HOUR,
    )
    const [news, ended, ...others] = notifications(kit)
    assert.match(news ?? '', /^\+31 new firing: m0 .* m99 \(30 more\)$/)
    assert.match(ended ?? '', /^\+1030 resolved resolved: -m0 .* -m99 \(30 more\)$/)
    assert.deepEqual(others, [])
  })

  itNotifies([
    [
      'that the first are silenced, then one that is not takes their room',
      [
        silences(1, 2, silence('s', 0, HOUR, { entity: ['m*'] })),
        ...many(120).map(id => routed(2, fired(id))),
        routed(3, fired('loud')),
      ],
      10 * MINUTE,
      ['+32 new firing: loud'],
    ],
  ])

  // Promise docs/notifications.md#while-the-pipeline-is-down | While PIPELINE_DOWN stands, alerts of silence are muted.
  it('when the pipeline alert of silent ones fires for a day, then they are sent', async () => {
    const silent = many(120).map(id => routed(2, fired(id, { reason: 'silent' })))
    const [told, ...others] = notifications(
      await played([first, pipeline(1, 'firing'), ...silent], 24 * HOUR + 600),
    )
    assert.match(told ?? '', /^\+86401 new firing: .* \(20 more\)$/)
    assert.deepEqual(others, [])
  })

  it('when not even their ids have room, then the alert is a failure that says what to do', () => {
    const alerts = many(100).map(id => ({ alert: fired(id), isTold: false }))
    const group = { ...newGroup(TARGET), alerts, more: ';01234567890=0'.repeat(30_000) }
    const taken = withFired(group, fired('one too many'), 0, NOTHING_MUTED)
    assert.match(
      taken.kind === 'full' ? taken.why : '',
      /cannot hold another firing alert: use a finer groupBy$/,
    )
    assert.equal(withFired(group, fired('m1'), 0, NOTHING_MUTED).kind, 'taken')
    const { group: after } = withResolved(group, resolved('one too many'), 0) as { group: Group }
    const again = withFired({ ...after, more: '' }, fired('one too many'), 0, NOTHING_MUTED)
    assert.equal(again.kind === 'taken' && again.reason, 'ended-before')
  })

  it('when alerts are large, then a notification stays below what its topic takes', async () => {
    const large = many(60).map(id => routed(1, fired(id, { summary: 'x'.repeat(20_000) })))
    const kit = await played([first, ...large], 10 * MINUTE)
    const [told] = kit.publishedEvents
    assert.ok(JSON.stringify(told).length < 140_000)
    assert.match(notifications(kit)[0] ?? '', /\(54 more\)$/)
  })
})

describe('given alerts that end before they fire, because their fires failed', () => {
  const many = Array.from({ length: 100 }, (_, index) => `m${index}`)

  // Promise docs/notifications.md#when-a-notification-is-sent
  it('when others of the group have ended since, and the fire is redriven, then it is not sent', async () => {
    const log = [
      ...many.map(id => routed(1, fired(id))),
      routed(5, resolved('z')),
      ...many.map(id => routed(10, resolved(id))),
      routed(1200, fired('z')),
    ]
    assert.deepEqual(notifications(await played([first, ...log], 3 * HOUR)), [])
  })

  it('sends nothing and forgets the alerts when all fired events of the group are redriven', async () => {
    const log = [...many.map(id => routed(1, resolved(id))), ...many.map(id => routed(2 * HOUR, fired(id)))]
    const kit = await played([first, ...log], 2 * HOUR + 10 * MINUTE)
    assert.deepEqual(notifications(kit), [])
    const group = (await kit.state(`/notification ${TARGET.group}`)) as Group
    assert.equal(group.endedFirst, undefined)
  })

  for (const { given, order, fires } of LATE_CHANGES)
    it(`given ${given}, then no alert that is over is sent`, async () => {
      const log = order.map((change, index) => {
        const facts = { fingerprint: 'f', startedAt: at(createBegin(change)) }
        const id = getName(change)
        return routed(400 * index, change.startsWith('+') ? fired(id, facts) : resolved(id, facts))
      })
      const told = notifications(await played([first, ...log], 10 * HOUR))
      const names = told.flatMap(line => line.split(': ')[1]?.split(' ') ?? [])
      assert.deepEqual(
        [...new Set(names.filter(name => !name.startsWith('-')))],
        fires.map(change => getName(change)),
      )
      assert.match(told.at(-1) ?? 'resolved', /resolved/)
    })

  itNotifies([
    [
      'a rebuilt alert that began before the one that it replaces, then it is sent',
      [
        routed(1, fired('b', { fingerprint: 'f', startedAt: at(60) })),
        routed(400, resolved('b', { fingerprint: 'f', startedAt: at(60) })),
        routed(401, fired('a', { fingerprint: 'f' })),
      ],
      10 * MINUTE,
      ['+31 new firing: b', '+430 changed firing: a -b'],
    ],
    [
      'an alert of another entity that began earlier and comes later, then it is sent',
      [routed(1, fired('b', { startedAt: at(60) })), routed(2, fired('a'))],
      10 * MINUTE,
      ['+31 new firing: b a'],
    ],
  ])

  const DAY_MS = 24 * HOUR * 1000
  const end = (group: Group, id: string, atMs: number) => {
    const taken = withResolved(group, resolved(id), atMs)
    return taken.kind === 'taken' ? taken.group : taken.why
  }

  it('then the group remembers them as long as their fires can be redriven', () => {
    assert.equal(ENDED_FIRST_MS, TOPICS.dlq.keptDays * DAY_MS)
    const [event, entity] = [routed(0, resolved('a')), `/notification ${TARGET.group}`]
    const step = notifier({ routes: [] }).onEvent(
      undefined,
      { ...event, timeMs: 1000, entity } as never,
      NOTHING_MUTED,
    )
    const dueMs = 1000 + ENDED_FIRST_MS
    assert.deepEqual(step.kind === 'decided' && step.timers, [{ name: 'forget', dueMs }])

    const [told, young, old] = [';aaaaaaaaaaa=t', ';bbbbbbbbbbb=5', ';ccccccccccc=4']
    assert.equal(dropMoreBefore(`${told}${young}${old}`, 5), `${told}${young}`)
    const one = end(newGroup(TARGET), 'a', 0)
    const two = end(one as Group, 'b', ENDED_FIRST_MS) as Group
    assert.equal(two.endedFirst?.split(';').length, 3)
    const three = end(two, 'c', ENDED_FIRST_MS + 1) as Group
    assert.equal(three.endedFirst?.split(';').length, 3)
    const { reason } = withFired(three, fired('b'), 0, NOTHING_MUTED) as { reason: string }
    assert.equal(reason, 'ended-before')
  })

  it('when the same end comes again, then it is remembered once', () => {
    const group = end(newGroup(TARGET), 'a', 0) as Group
    assert.deepEqual(end(group, 'a', 5), group)
    assert.deepEqual(end({ ...group, ended: [] }, 'a', 5), group)
    const told = { ...newGroup(TARGET), ended: ['a'] }
    assert.deepEqual(end(told, 'a', 5), told)
  })

  it('when many alerts have fired and ended, then the group remembers the last 64', () => {
    const ids = Array.from({ length: 65 }, (_, index) => `m${index}`)
    const group = {
      ...newGroup(TARGET),
      alerts: ids.map(id => ({ alert: fired(id), isTold: true })),
    }
    const ended = ids.reduce((before, id) => end(before, id, 0) as Group, group as Group)
    const again = (id: string) => withFired({ ...ended, alerts: [] }, fired(id), 0, NOTHING_MUTED)
    assert.deepEqual(
      ['m0', 'm1', 'm64'].map(id => (again(id) as { reason: string }).reason),
      ['queued', 'ended-before', 'ended-before'],
    )
    assert.deepEqual(withResolved(ended, resolved('m1'), 5), {
      kind: 'taken',
      group: ended,
      reason: 'not-known',
    })
    assert.equal(ended.endedFirst, undefined)
  })

  it('when there is no room for another one, then its end is a failure that says so', () => {
    const group = { ...newGroup(TARGET), endedFirst: ';01234567890=1000'.repeat(30_000) }
    assert.match(
      end(group, 'one too many', 1000) as string,
      /^its group cannot hold another alert that resolves/,
    )
  })
})

describe('given a group', () => {
  const soon = { ...TARGET, groupWaitMs: 5_000, groupIntervalMs: 60_000 }
  const often = { ...TARGET, repeatIntervalMs: 900_000 }
  itNotifies([
    [
      'whose policy changes, then the next alert brings the new one',
      [routed(1, fired('a')), routed(2, fired('b'), soon), routed(40, fired('c'), soon)],
      10 * MINUTE,
      ['+7 new firing: a b', '+67 changed firing: a b c'],
    ],
    [
      'whose policy has changed, when an older alert ends, then the newer policy stays',
      [routed(1, fired('a')), routed(2, fired('b'), often), routed(400, resolved('a'))],
      30 * MINUTE,
      ['+31 new firing: a b', '+430 changed firing: b -a', '+1330 repeat firing: b'],
    ],
  ])
})
