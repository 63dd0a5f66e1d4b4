/** Decisions of a group, with their reasons. Times are milliseconds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PIPELINE_DOWN } from '../../../lib/alerting/pipeline-down.ts'
import { flush } from '../../../lib/notification/flush-group.ts'
import {
  ENDED_FIRST_MS,
  type Group,
  isEmpty,
  mutedUntilMs,
  newGroup,
  withFired,
  withResolved,
} from '../../../lib/notification/group.ts'
import { listMoreAlerts, SENT_FLAG, withMore } from '../../../lib/notification/more-alerts.ts'
import { type Muting, NOTHING_MUTED } from '../../../lib/notification/mutes-in-force.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { toTimedSilence } from '../../../lib/notification/silences.ts'
import { at, fired, resolved, routed, START_MS, silence, TARGET } from './support.ts'

const EMPTY = newGroup(TARGET)
const untold = (id: string, more = {}) => ({ alert: fired(id, more), isTold: false })
const told = (id: string, more = {}) => ({ alert: fired(id, more), isTold: true })
const group = (more: Partial<Group>): Group => ({ ...EMPTY, ...more })
const muting = (until: Record<string, number>, inhibitedUntilMs = 0): Muting => ({
  silences: Object.entries(until).map(([id, end]) =>
    toTimedSilence(silence(id, 0, end, { entity: [id.slice(0, 1)] })),
  ),
  inhibitedUntilMs,
})
const [EARLY, LATE] = [
  { fingerprint: 'f', startedAt: at(1) },
  { fingerprint: 'f', startedAt: at(2) },
]

describe('a fired alert in a group', () => {
  // biome-ignore format: a table
  for (const [given, before, alert, reason] of [
    ['an empty group', {}, fired('a'), 'queued'],
    ['another alert', { alerts: [told('b')] }, fired('a'), 'queued'],
    ['the alert itself', { alerts: [untold('a')] }, fired('a'), 'known'],
    ['the alert among those without data', { more: withMore('', 'a', 0) }, fired('a'), 'known'],
    ['its end', { ended: ['a'] }, fired('a'), 'ended-before'],
    ['a later alert of its rule and entity that fires', { alerts: [told('b', LATE)] }, fired('a', EARLY), 'ended-before'],
    ['a later one that has ended', { alerts: [{ alert: resolved('b', LATE), isTold: true }] }, fired('a', EARLY), 'queued'],
    ['an earlier one', { alerts: [told('b', EARLY)] }, fired('a', LATE), 'queued'],
  ] as const)
    it(`given ${given}, then it is ${reason}, and the group changes only for a queued one`, () => {
      const taken = withFired(group(before), alert, START_MS, NOTHING_MUTED)
      assert.ok(taken.kind === 'taken')
      const alerts = [...group(before).alerts, ...(reason === 'queued' ? [{ alert, isTold: false }] : [])]
      assert.deepEqual([taken.reason, taken.group], [reason, group({ ...before, alerts })])
    })

  it('given its end that came first, then it is over, and its end is forgotten', () => {
    const before = withResolved(EMPTY, resolved('a'), START_MS)
    assert.ok(before.kind === 'taken' && before.group.endedFirst)
    const after = withFired({ ...before.group, ended: [] }, fired('a'), START_MS, NOTHING_MUTED)
    assert.ok(after.kind === 'taken')
    assert.deepEqual([after.reason, after.group], ['ended-before', EMPTY])
  })

  it('given no room, then it is counted with the time until which it is muted', () => {
    const full = group({ alerts: Array.from({ length: 100 }, (_, index) => told(`${index}`)) })
    const more = (alert: ReturnType<typeof fired>, mutes: Muting) => {
      const taken = withFired(full, alert, START_MS, mutes)
      return taken.kind === 'taken' && [taken.reason, ...listMoreAlerts(taken.group.more ?? '')]
    }
    const end = START_MS + 9_000
    assert.deepEqual(more(fired('a'), NOTHING_MUTED), ['queued', 0])
    assert.deepEqual(more(fired('a'), muting({ a: 9 })), ['queued', end])
    assert.deepEqual(more(fired('a', { reason: 'silent' }), NOTHING_MUTED), ['queued', -1])
    assert.deepEqual(more(fired('a', { reason: 'silent' }), muting({ a: 9 })), ['queued', -end - 1])
  })

  it('given a muted alert in the way, then that one is counted instead, with its own time', () => {
    const full = group({
      alerts: Array.from({ length: 100 }, (_, index) => untold(index === 50 ? 'b' : `x${index}`)),
    })
    const taken = withFired(full, fired('a'), START_MS, muting({ b: 9 }))
    assert.ok(taken.kind === 'taken')
    assert.deepEqual(taken.group.alerts, [
      ...full.alerts.filter(alert => alert !== full.alerts[50]),
      untold('a'),
    ])
    assert.deepEqual(listMoreAlerts(taken.group.more ?? ''), [START_MS + 9_000])
  })
})

describe('a resolved alert in a group', () => {
  const ended = ['a']
  // biome-ignore format: a table
  for (const [given, before, reason, after] of [
    ['an alert that was sent', { alerts: [told('a'), told('b')] }, 'end-queued', { alerts: [{ alert: resolved('a'), isTold: true }, told('b')], ended }],
    ['one that was not sent', { alerts: [untold('a'), told('b')] }, 'never-told', { alerts: [told('b')], ended }],
    ['one that has ended', { alerts: [{ alert: resolved('a'), isTold: true }], ended }, 'not-known', {}],
    ['one without data that was sent', { more: withMore('', 'a', SENT_FLAG), moreEnded: 1 }, 'end-queued', { more: '', moreEnded: 2, ended }],
    ['one without data that was not', { more: withMore('', 'a', 0) }, 'never-told', { more: '', ended }],
    ['an end that came before', { ended }, 'not-known', {}],
  ] as const)
    it(`given ${given}, then it is ${reason}`, () => {
      const taken = withResolved(group(before), resolved('a'), START_MS)
      assert.ok(taken.kind === 'taken')
      assert.deepEqual([taken.reason, taken.group], [reason, group({ ...before, ...after })])
    })

  it('given none, then its end is remembered while its fire may be redriven, and older ends are not', () => {
    const take = (before: Group, id: string, atMs: number) => {
      const taken = withResolved(before, resolved(id), atMs)
      assert.ok(taken.kind === 'taken' && taken.reason === 'not-known')
      return taken.group
    }
    const kept = take(take(EMPTY, 'a', START_MS), 'b', START_MS + ENDED_FIRST_MS)
    assert.deepEqual(listMoreAlerts(kept.endedFirst ?? ''), [START_MS, START_MS + ENDED_FIRST_MS])
    const later = take(kept, 'c', START_MS + ENDED_FIRST_MS + 1)
    assert.equal(listMoreAlerts(later.endedFirst ?? '').length, 2)
  })
})

describe('the time until which an alert is muted', () => {
  const silent = { reason: 'silent' } as const
  // biome-ignore format: a table
  for (const [given, alert, mutes, until] of [
    ['nothing', fired('a', silent), NOTHING_MUTED, undefined],
    ['a silence of another', fired('a'), muting({ b: 9 }), undefined],
    ['two silences, then the later end', fired('a'), muting({ a: 9, a2: 12, a3: 7 }), 12],
    ['a pipeline that is down, and an alert about silence', fired('a', silent), muting({}, START_MS + 5_000), 5],
    ['a pipeline that is down, and another alert', fired('a'), muting({}, START_MS + 5_000), undefined],
    ['a pipeline that was down', fired('a', silent), muting({}, START_MS), undefined],
    ['both, then the later end', fired('a', silent), muting({ a: 9 }, START_MS + 5_000), 9],
    ['the later of both', fired('a', silent), muting({ a: 4 }, START_MS + 5_000), 5],
  ] as const)
    it(`given ${given}`, () =>
      assert.equal(mutedUntilMs(alert, START_MS, mutes), until && START_MS + until * 1_000))
})

describe('a group that is due', () => {
  const sent = { isOpen: true, notifiedAtMs: START_MS }
  const repeat = START_MS + TARGET.repeatIntervalMs
  const soon = START_MS + TARGET.groupIntervalMs
  // biome-ignore format: a table
  for (const [given, before, atMs, mutes, reason, shown, dueMs] of [
    ['a new alert', { alerts: [untold('a')] }, START_MS, NOTHING_MUTED, 'new', 'a', repeat],
    ['another new one', { ...sent, alerts: [told('a'), untold('b')] }, soon, NOTHING_MUTED, 'changed', 'a b', soon + TARGET.repeatIntervalMs],
    ['nothing new', { ...sent, alerts: [told('a')] }, soon, NOTHING_MUTED, 'unchanged', undefined, repeat],
    ['nothing new for the interval of repeats', { ...sent, alerts: [told('a')] }, repeat, NOTHING_MUTED, 'repeat', 'a', repeat + TARGET.repeatIntervalMs],
    ['an end', { ...sent, alerts: [told('a'), { alert: resolved('b'), isTold: true }] }, soon, NOTHING_MUTED, 'changed', 'a -b', soon + TARGET.repeatIntervalMs],
    ['the last end', { ...sent, alerts: [{ alert: resolved('b'), isTold: true }] }, soon, NOTHING_MUTED, 'resolved', '-b', undefined],
    ['only a silenced alert', { alerts: [untold('a')] }, START_MS, muting({ a: 9 }), 'muted', undefined, START_MS + 9_000],
    ['one silenced for long, then it looks again after the interval', { alerts: [untold('a')] }, START_MS, muting({ a: 9_000 }), 'muted', undefined, soon],
    ['a silenced one beside a new one', { alerts: [untold('a'), untold('b')] }, START_MS, muting({ a: 9 }), 'new', 'b', START_MS + 9_000],
    ['a silenced one that was sent', { ...sent, alerts: [told('a')] }, repeat, muting({ a: 90_000 }), 'muted', undefined, repeat + TARGET.groupIntervalMs],
    ['a new one without data', { ...sent, alerts: [told('a')], more: withMore('', 'm', 0) }, soon, NOTHING_MUTED, 'changed', 'a +1', soon + TARGET.repeatIntervalMs],
    ['one without data that was sent', { ...sent, alerts: [told('a')], more: withMore('', 'm', SENT_FLAG) }, soon, NOTHING_MUTED, 'unchanged', undefined, repeat],
    ['only one without data, for the interval of repeats', { ...sent, more: withMore('', 'm', SENT_FLAG) }, repeat, NOTHING_MUTED, 'repeat', ' +1', repeat + TARGET.repeatIntervalMs],
    ['a silenced one without data', { ...sent, alerts: [told('a')], more: withMore('', 'm', soon + 7) }, soon, NOTHING_MUTED, 'unchanged', undefined, soon + 7],
    ['the end of one without data', { ...sent, alerts: [told('a')], moreEnded: 2 }, soon, NOTHING_MUTED, 'changed', 'a +2', soon + TARGET.repeatIntervalMs],
  ] as const)
    it(`given ${given}, then it is ${reason}`, () => {
      const { group: after, notification, reason: found } = flush('g', group(before), atMs, mutes)
      const names = notification?.alerts.map(({ alertId, status }) =>
        status === 'resolved' ? `-${alertId}` : alertId,
      )
      const line = names && `${names.join(' ')}${notification?.omitted ? ` +${notification.omitted}` : ''}`
      assert.deepEqual([found, line, after.dueMs], [reason, shown, dueMs])
      assert.equal(after.newsDueMs, undefined)
      assert.equal(notification?.reason, notification && reason)
      assert.equal(isEmpty(after), dueMs === undefined)
      if (notification) assert.deepEqual(flush('g', after, atMs + 1, mutes).notification, undefined)
    })
})

describe('a step of the notifier for a group', () => {
  const [FLUSH, FORGET] = ['flush', 'forget']
  const process = notifier({ routes: [] })
  const onEvent = (before: Group | undefined, data: unknown) => {
    const event = { ...routed(0, fired('a')), data, timeMs: START_MS, entity: TARGET.group }
    return process.onEvent(before, event as never, NOTHING_MUTED)
  }
  const waiting = group({ alerts: [untold('a')], dueMs: START_MS + 5, newsDueMs: START_MS + 5 })
  const hour = START_MS + 3_600_000

  // biome-ignore format: a table
  for (const [given, before, alert, reason, timers] of [
    ['a first alert', undefined, fired('a'), 'queued', [{ name: FLUSH, dueMs: START_MS + 30_000 }]],
    ['an alert that is due anyway', waiting, fired('b'), 'queued', []],
    ['a known alert', waiting, fired('a'), 'known', []],
    ['the end of the only alert, which was not sent', waiting, resolved('a'), 'never-told', [{ name: FLUSH }, { name: FORGET, dueMs: hour }]],
    ['an end in an empty group', group({ ended: ['a'] }), resolved('a'), 'not-known', [{ name: FORGET, dueMs: hour }]],
    ['an end that comes first', undefined, resolved('a'), 'not-known', [{ name: FORGET, dueMs: START_MS + ENDED_FIRST_MS }]],
  ] as const)
    it(`given ${given}, then it is ${reason}, and only what changes has a timer`, () => {
      const step = onEvent(before, { ...TARGET, alert })
      assert.deepEqual(step.kind === 'decided' && [step.reason, step.timers], [reason, timers])
    })

  it('given no room for the alert or its end, then the event is a failure with its reason', () => {
    const full = ';01234567890=0'.repeat(30_000)
    const alerts = Array.from({ length: 100 }, (_, index) => told(`${index}`))
    // biome-ignore format: a table
    for (const [before, data, why] of [
      [group({ alerts, more: full }), { ...TARGET, alert: fired('a') }, /finer groupBy/],
      [group({ endedFirst: full.replaceAll('=0', `=${START_MS}`) }), { ...TARGET, alert: resolved('a') }, /resolves before it fires/],
    ] as const) {
      const step = onEvent(before, data)
      assert.match(step.kind === 'rejected' ? step.why : '', why)
    }
  })

  it('given the time to forget, then an empty group is, and another one is kept', () => {
    const forget = (state: Group) => {
      const step = process.onTimer?.(state, { name: FORGET, dueMs: hour } as never, NOTHING_MUTED)
      return step?.kind === 'decided' && [step.reason, step.state]
    }
    assert.deepEqual(forget(EMPTY), ['forgotten', undefined])
    assert.deepEqual(forget(waiting), ['kept', waiting])
  })
})

it('given the pipeline alert, then no mute of silent entities mutes it', () =>
  assert.equal(
    mutedUntilMs(fired('p', { rule: PIPELINE_DOWN }), START_MS, muting({}, START_MS + 1)),
    undefined,
  ))
