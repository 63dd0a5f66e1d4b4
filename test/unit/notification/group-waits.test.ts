/** Times of a group's notifications: the whole batch together, a lost timer replaced, and the pipeline alert at once. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../../lib/alerting/pipeline-down.ts'
import { type Group, newGroup } from '../../../lib/notification/group.ts'
import { NOTHING_MUTED } from '../../../lib/notification/mutes-in-force.ts'
import type { Notification } from '../../../lib/notification/notification.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import {
  assertFit,
  createKit,
  fired,
  itNotifies,
  notifications,
  played,
  resolved,
  routed,
  START_MS,
  silence,
  silences,
  TARGET,
} from './support.ts'

const MINUTE = 60
const HOUR = 3600
const first = silences(0, 1)

describe('given a batch of alerts while the group is due for something else', () =>
  itNotifies([
    [
      'two alerts just before a repeat, then they leave together, and the repeat with them',
      [routed(1, fired('a')), routed(3630, fired('b')), routed(3632, fired('c'))],
      2 * HOUR + 5 * MINUTE,
      ['+31 new firing: a', '+3660 changed firing: a b c', '+7260 repeat firing: a b c'],
    ],
    [
      'two alerts just before a look at a silenced one, then they leave together',
      [
        silences(1, 2, silence('s', 0, HOUR, { entity: ['a'] })),
        routed(2, fired('a')),
        routed(330, fired('b')),
        routed(333, fired('c')),
      ],
      10 * MINUTE,
      ['+360 new firing: b c'],
    ],
    [
      'an alert just before a silence ends, then both leave together after its wait',
      [
        silences(1, 2, silence('s', 0, 400, { entity: ['a'] })),
        routed(2, fired('a')),
        routed(399, fired('b')),
        routed(401, fired('c')),
      ],
      10 * MINUTE,
      ['+429 new firing: a b c'],
    ],
  ]))

describe('given a group whose timer was lost', () => {
  const start = START_MS
  const lost = {
    ...newGroup(TARGET),
    alerts: [{ alert: fired('a'), isTold: false }],
    dueMs: start,
    newsDueMs: start,
  }

  it('when the next alert comes, then a timer is set again', () => {
    const step = runStep(lost, fired('b'), start + 1000)
    assert.deepEqual(step.kind === 'decided' && step.timers, [{ name: 'flush', dueMs: start + 31_000 }])
  })

  it('when it is due at that very instant, then its timer stands', () => {
    const step = runStep(lost, fired('b'), start)
    assert.deepEqual(step.kind === 'decided' && step.timers, [])
  })
})

describe('given a group that was notified at the very instant at which the next alert comes', () => {
  for (const [given, isOpen, groupWaitMs, waitsMs] of [
    ['that is over, of a route without a wait, then it waits a millisecond', false, 0, 1],
    ['that is over, then it waits', false, 30_000, 30_000],
    ['that fires, then it waits for the interval', true, 0, TARGET.groupIntervalMs],
    ['that fires, of a longer wait than its interval, then it waits for that', true, 400_000, 400_000],
  ] as const)
    it(`given one ${given}: two notifications have two ids`, () => {
      const target = { ...TARGET, groupWaitMs }
      const state = { ...newGroup(target), isOpen, notifiedAtMs: START_MS }
      const step = runStep(state, fired('b'), START_MS, target)
      assert.deepEqual(step.kind === 'decided' && step.timers, [{ name: 'flush', dueMs: START_MS + waitsMs }])
    })
})

function runStep(state: Group, alert: Alert, timeMs: number, target = TARGET) {
  const event = { ...routed(0, alert, target), timeMs, entity: `/notification ${TARGET.group}` } as never
  return notifier({ routes: [] }).onEvent(state, event, NOTHING_MUTED)
}

describe('given a broker whose clock has gone back by six hours', () => {
  const BACK = 6 * HOUR
  const down = { rule: PIPELINE_DOWN }
  const open = [routed(0, fired('a'))]
  const over = [routed(0, fired('a')), routed(100, resolved('a'))]
  const cases: readonly (readonly [given: string, log: readonly Event[], next: Alert, waitMs: number])[] = [
    ['a group that fires', open, fired('next'), TARGET.groupIntervalMs],
    ['the end of an alert', open, resolved('a'), TARGET.groupIntervalMs],
    ['a group that is over', over, fired('next'), TARGET.groupWaitMs],
    ['a new group', [], fired('next'), TARGET.groupWaitMs],
    ['the pipeline alert', open, fired('next', down), 0],
  ]
  for (const [given, log, next, waitMs] of cases)
    it(`given ${given}, then people are notified within the same waits as before`, async () => {
      const kit = await played([first, ...log], 10 * MINUTE)
      const before = notifications(kit).length
      await kit.when(routed(600 - BACK, next))
      await kit.pass(Math.max(0, waitMs - 60_000))
      assert.equal(notifications(kit).length, before + (waitMs === 0 ? 1 : 0))
      await kit.pass(120_000)
      assert.equal(notifications(kit).length, before + 1)
    })

  it('then an alert behind it whose broker has the right time leaves with it', async () => {
    const kit = await played([first, ...open], 10 * MINUTE)
    await kit.when(routed(600 - BACK, fired('late')), routed(610, fired('next')))
    await kit.pass(2 * MINUTE * 1000)
    assert.match(notifications(kit).at(-1) ?? '', /^\+\d+ changed firing: a late next$/)
  })

  it('then two notifications that are due at one instant have two ids', async () => {
    const kit = await played([first, ...open], 10 * MINUTE)
    await kit.when(routed(-269.999, fired('next')))
    await kit.pass(6 * MINUTE * 1000)
    const [one, two] = kit.publishedEvents.map(({ time, data }) => [
      time,
      (data as Notification).notificationId,
    ])
    assert.equal(one?.[0], two?.[0])
    assert.notEqual(one?.[1], two?.[1])
  })

  it('then an alert that is known changes nothing, and repeats go on', async () => {
    const kit = await played([first, ...open, routed(601 - BACK, fired('a'))], 3 * HOUR - BACK)
    await kit.pass(2 * HOUR * 1000)
    assert.deepEqual(
      notifications(kit).map(line => line.replace(/^\S+ /, '')),
      ['new firing: a', 'repeat firing: a'],
    )
  })
})

// Promise docs/notifications.md#when-a-notification-is-sent
describe('given the pipeline alert, and no record behind it', () => {
  const down = { rule: PIPELINE_DOWN }

  it('when it fires and ends, then both are sent at once, for no tick moves the clock', async () => {
    const kit = createKit()
    const steps = await kit.when(first, routed(1, fired('p', down)), routed(400, resolved('p', down)))
    assert.deepEqual(
      steps.map(({ reason, emitted }) => [reason, emitted.length]),
      [
        ['new', 1],
        ['resolved', 1],
      ],
    )
    assert.deepEqual(notifications(kit), ['+1 new firing: p', '+400 resolved resolved: -p'])
    assertFit(kit)
  })

  itNotifies([
    [
      'that it comes into a group that waits, then all leave with it, and are not repeated',
      [routed(1, fired('a')), routed(10, fired('p', down)), routed(20, fired('b'))],
      10 * MINUTE,
      ['+10 new firing: a p', '+310 changed firing: a p b'],
    ],
    [
      'that the group was notified at that very instant, then it waits, for its id would be the same',
      [routed(1, fired('p', down)), routed(1, resolved('p', down))],
      10 * MINUTE,
      ['+1 new firing: p', '+301 resolved resolved: -p'],
    ],
    [
      'that it is silenced, then it is sent when the silence ends',
      [silences(1, 2, silence('s', 0, 400, { rule: [PIPELINE_DOWN] })), routed(2, fired('p', down))],
      10 * MINUTE,
      ['+400 new firing: p'],
    ],
  ])
})
