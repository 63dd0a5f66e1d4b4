import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Event, formatEntity } from '#runtime/consumer'
import type { OutboxEntry } from '#runtime/pipeline'
import { logRecord } from '#runtime/test/support/records'
import { ALERT_RESOLVED_TYPE } from '../../../lib/alerting/alert.ts'
import { type FiringAlerts, listFiringAlerts } from '../../../lib/notification/firing-alerts.ts'
import { INHIBITION_CHANGED_TYPE } from '../../../lib/notification/inhibition.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import type { NotificationRoutes } from '../../../lib/notification/route.ts'
import { ALERT_ROUTED_TYPE, type RoutedAlert } from '../../../lib/notification/routed-alert.ts'
import { fired, firstAlert, resolved } from '../../support/alerts.ts'
import {
  type Change,
  createBegin,
  getName,
  getSequence,
  LATE_CHANGES,
  STORY,
} from '../../support/late-changes.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/alerting HIGH_TEMP /environment/test-site s-1'

/** @param atOneInstant whether all alerts have the same start, so that only the sequence orders them */
function createChange(change: Change, atOneInstant = false): Event {
  const startedAt = new Date(Date.UTC(2026, 2, 1, 12, atOneInstant ? 0 : createBegin(change))).toISOString()
  const alert = firstAlert({ alertId: getName(change), startedAt })
  const extensions = { sequence: getSequence(change) }
  return change.startsWith('+') ? fired(alert, { extensions }) : resolved(alert, { extensions })
}

const ROUTES = readRoutes(
  `routes:
  - { name: log, receivers: [hook], continue: true, groupBy: [] }
  - { name: rest, receivers: [sns] }`,
  'r',
)
const OTHERS = readRoutes('routes:\n  - { name: new, receivers: [pager] }', 'r')

/** Consumer with the routes before an event, and with those after it. */
const changed = (before: NotificationRoutes, after: NotificationRoutes, at: number) => ({ before, after, at })

/**
 * Returns the decisions about the events, one after another, the groups to which each was sent, and the state after them.
 */
async function applyChange(
  entity: string,
  events: readonly Event[],
  { before, after, at } = changed(ROUTES, ROUTES, 0),
) {
  const stage = new Stage(notifier(before) as never)
  const timestampMs = Date.parse('2026-03-01T15:00:00Z')
  const records = events.map((event, offset) => logRecord(offset, event, { timestampMs }))
  if (at > 0) await stage.batch(records.slice(0, at))
  stage.consumer = { ...stage.consumer, process: notifier(after) as never }
  await stage.batch(records.slice(at))
  const state = (await stage.state(entity)) as FiringAlerts | undefined
  const sent = stage.observer.decisions.map(({ emitted = [] }) => emitted.flatMap(listSent))
  return { outcomes: stage.outcomes, sent, state, entries: state ? listFiringAlerts(state) : [] }
}

/** @returns the group to which an alert was sent, or an inhibition */
function listSent({ event: { type, data }, everyPartition }: OutboxEntry): string[] {
  if (type === INHIBITION_CHANGED_TYPE) return [`inhibition ${everyPartition}`]
  if (type !== ALERT_ROUTED_TYPE) return []
  const { group, alert } = data as RoutedAlert
  return [`${group} ${alert.status}`]
}

const after = (...events: readonly Event[]) => applyChange(ENTITY, events)

describe('the firing alerts', () => {
  const [first, second] = [
    firstAlert(),
    firstAlert({ alertId: 'a-2', startedAt: '2026-03-01T13:00:00.000Z' }),
  ]
  const cases: [title: string, events: Event[], decided: string[], firing: string[]][] = [
    ['a fired alert is there', [fired(first)], ['fired'], ['a-1']],
    ['a resolved one is forgotten', [fired(first), resolved(first)], ['fired', 'resolved'], []],
    [
      'a repeat with another event id changes nothing',
      [fired(first), fired(first, { id: 'again' })],
      ['fired', 'repeated'],
      ['a-1'],
    ],
    [
      'the next alert takes the place of one whose end never came',
      [fired(first), fired(second)],
      ['fired', 'fired'],
      ['a-2'],
    ],
    [
      'an older alert that is emitted again neither replaces nor ends the newer one',
      [fired(second), fired(first), resolved(first)],
      ['fired', 'late', 'not-firing'],
      ['a-2'],
    ],
    [
      'of two alerts of one instant, the later in the log fires',
      [fired(first), fired(firstAlert({ alertId: 'b' }))],
      ['fired', 'fired'],
      ['b'],
    ],
    [
      'rules of one name with other labels are kept apart',
      [fired(first), fired(firstAlert({ alertId: 'b', fingerprint: 'f-2' })), resolved(first)],
      ['fired', 'fired', 'resolved'],
      ['b'],
    ],
    [
      'a fingerprint that is the name of a built-in property is one like any other',
      [fired(firstAlert({ fingerprint: '__proto__' })), resolved(firstAlert({ fingerprint: 'toString' }))],
      ['fired', 'not-firing'],
      ['a-1'],
    ],
  ]
  for (const [title, events, decided, firing] of cases)
    it(title, async () => {
      const { outcomes, entries, state } = await after(...events)
      assert.deepEqual(
        outcomes,
        decided.map(reason => `applied/${reason}`),
      )
      assert.deepEqual(
        entries.map(({ alert }) => alert.alertId),
        firing,
      )
      assert.equal(state === undefined, firing.length === 0)
    })

  it('the end of a newer alert ends an older one, too, and its fire does not come back', async () => {
    const { outcomes, entries } = await after(fired(first), resolved(second), fired(second))
    assert.deepEqual([outcomes, entries], [['applied/fired', 'applied/resolved', 'applied/repeated'], []])
  })

  for (const { given, order, fires } of LATE_CHANGES)
    for (const atOneInstant of [false, true])
      it(`given ${given}${atOneInstant ? ', at one instant' : ''}, then no alert that is over fires`, async () => {
        const { outcomes, sent, entries, state } = await after(
          ...order.map(text => createChange(text, atOneInstant)),
        )
        const fired = order.filter((_, index) => outcomes[index] === 'applied/fired')
        assert.deepEqual([fired, entries], [fires, []])
        const isSent = (_: Change, index: number) => sent[index]?.length === 2
        const ends = order.filter(change => change.startsWith('-'))
        assert.deepEqual(order.filter(isSent).sort(), [...fires, ...ends].sort())
        assert.equal(state === undefined, order === STORY)
      })

  it('given that the end of a late fire is late as well, then a later alert that has ended is the last', async () => {
    const order = ['-a', '+c', '-c', '+b'] as const
    const { outcomes, entries } = await after(...order.map(change => createChange(change)))
    assert.deepEqual([outcomes[3], entries], ['applied/late', []])
  })

  // Promise docs/alerts.md#what-fires-now
  it('given an end without its fire, and a later alert with lower sequences, then that fires', async () => {
    const again = { ...createChange('+b'), extensions: { sequence: '0.0' } }
    assert.equal((await after(createChange('-a'), again)).outcomes[1], 'applied/fired')
  })

  it('given a traced event, then the alert has its trace, and the time at which it was written', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const { entries } = await after(fired(first, { extensions: { traceparent } }))
    assert.deepEqual(
      [entries[0]?.traceparent, entries[0]?.writtenMs],
      [traceparent, Date.parse('2026-03-01T15:00:00Z')],
    )
  })

  it('given data that breaks its schema, then the record fails, and the state stays', async () => {
    const { outcomes, entries } = await after(fired(first), {
      ...fired(first, { id: 'x' }),
      type: ALERT_RESOLVED_TYPE,
      data: {},
    })
    assert.deepEqual([outcomes.at(-1), entries.length], ['failed/schema-violated', 1])
  })
})

describe('the alert that the pipeline is down, which every partition of readings reports', () => {
  const down = (alertId: string, startedAt: string) =>
    firstAlert({
      alertId,
      startedAt,
      rule: 'PIPELINE_DOWN',
      fingerprint: 'f-down',
      entity: { source: '/clock' },
    })
  const first = down('a-1', '2026-03-01T12:00:00.000Z')
  const second = down('a-2', '2026-03-01T14:00:00.000Z')
  const CLOCK = formatEntity(fired(first))
  const twelve = (make: () => Event) => Array.from({ length: 12 }, make)
  const [fires, ends] = [() => fired(first), () => resolved(first)]

  const orders: [title: string, events: Event[], once: string[]][] = [
    ['all firings first', [...twelve(fires), ...twelve(ends)], ['fired', 'resolved']],
    ['all ends first', [...twelve(ends), ...twelve(fires)], []],
  ]
  for (const [title, events, once] of orders)
    it(`given ${title}, then it fires and ends once, and one small entry is left`, async () => {
      const { outcomes, entries, state } = await applyChange(CLOCK, events)
      assert.equal(outcomes.length, 24)
      assert.deepEqual(
        outcomes.filter(outcome => !/repeated|not-firing/.test(outcome)),
        once.map(reason => `applied/${reason}`),
      )
      assert.deepEqual(entries, [])
      assert.deepEqual(state, {
        alerts: {},
        ended: { 'f-down': { alertId: 'a-1', startedAt: first.startedAt } },
        routed: {},
      })
    })

  it('given an outage that fires and ends, then every partition has its inhibition before its group, once', async () => {
    const { sent } = await applyChange(CLOCK, [fires(), fires(), ends(), ends(), fires()])
    const statuses = ['firing', undefined, 'resolved', undefined, undefined]
    assert.deepEqual(
      sent,
      statuses.map(status =>
        status ? ['inhibition true', `log/hook{} ${status}`, `rest/sns{rule="PIPELINE_DOWN"} ${status}`] : [],
      ),
    )
  })

  it('given the next outage, then it fires, and late events of the one before change nothing', async () => {
    const firing = await applyChange(CLOCK, [fires(), ends(), fired(second), fires(), ends()])
    assert.deepEqual(
      firing.outcomes.slice(2),
      ['fired', 'late', 'not-firing'].map(reason => `applied/${reason}`),
    )
    assert.deepEqual(
      firing.entries.map(({ alert }) => alert.alertId),
      ['a-2'],
    )
    const over = await applyChange(CLOCK, [fired(second), resolved(second), fires(), ends(), fired(second)])
    assert.deepEqual(
      over.outcomes.slice(2),
      ['late', 'not-firing', 'repeated'].map(reason => `applied/${reason}`),
    )
    assert.deepEqual([over.entries, Object.keys(over.state?.ended ?? {})], [[], ['f-down']])
  })
})

describe('the groups of a firing alert', () => {
  const alert = firstAlert()
  const groups = (status: string) => [`log/hook{} ${status}`, `rest/sns{rule="HIGH_TEMP"} ${status}`]

  it('given an alert that fires and ends, then both go to every group whose route takes it', async () => {
    const { sent, state } = await after(fired(alert), resolved(alert))
    assert.deepEqual([sent, state], [[groups('firing'), groups('resolved')], undefined])
  })

  it('given routes that change while it fires, then its end goes where its fire went', async () => {
    const { sent } = await applyChange(ENTITY, [fired(alert), resolved(alert)], changed(ROUTES, OTHERS, 1))
    assert.deepEqual(sent[1], groups('resolved'))
  })

  it('given an end whose fire never came, then it goes by the routes', async () => {
    const { sent } = await applyChange(ENTITY, [resolved(alert)], changed(ROUTES, OTHERS, 0))
    assert.deepEqual(sent, [['new/pager{rule="HIGH_TEMP"} resolved']])
  })

  it('given the same alert again, then it is not sent again', async () => {
    const { sent } = await after(fired(alert), fired(alert, { id: 'again' }))
    assert.deepEqual(sent, [groups('firing'), []])
  })

  it('given an end without its fire, and an alert computed anew that began before it, then that fires', async () => {
    const earlier = { ...createChange('+a'), extensions: { sequence: '0.9' } }
    assert.equal((await after(createChange('-b'), earlier)).outcomes[1], 'applied/fired')
  })
})
