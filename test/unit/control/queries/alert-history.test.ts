import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { type AlertLife, readAlertLives } from '../../../../control/queries/alerts/alert-lives.ts'
import { fired, firstAlert, resolved } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'

const PLACE = { topic: 'alerts', partition: 0 }
const TRACE = { extensions: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } }

/** Returns the lives of the alerts in a partition of the topic, from an offset on. */
async function lives(events: readonly (Event | object)[], start = 0): Promise<AlertLife[]> {
  const records = events.map((event, offset) => logRecord(offset, event as Event, PLACE))
  const range = { ...PLACE, start, end: records.length }
  return [...(await readAlertLives(FAMILIES, new MemoryLogReader(records), [range])).values()]
}

describe('what became of alerts', () => {
  const first = firstAlert()
  const second = firstAlert({ alertId: 'a-2', startedAt: '2026-03-01T14:00:00.000Z' })

  it('given an alert from firing to resolving, then all its events are listed in order', async () => {
    const [life, ...others] = await lives([fired(first, TRACE), resolved(first)])
    assert.deepEqual(others, [])
    assert.deepEqual(
      [life?.state, life?.startedAt, life?.endedAt, life?.value, life?.reason],
      ['resolved', '2026-03-01T12:00:00.000Z', '2026-03-01T13:00:00.000Z', 30, 'cleared'],
    )
    assert.equal(life?.clearedBy, 'temperature is 30 °C')
    assert.equal(life?.traceparent, TRACE.extensions.traceparent)
    const [start, end] = life?.transitions ?? []
    assert.deepEqual(start, {
      kind: 'fired',
      time: '2026-03-01T12:00:00.000Z',
      writtenAt: '2026-03-01T13:00:00.000Z',
      partition: 0,
      offset: 0,
      reason: 'condition',
      value: 41,
      threshold: 40,
      traceparent: TRACE.extensions.traceparent,
    })
    assert.deepEqual([end?.kind, end?.offset, end?.value], ['resolved', 1, 30])
  })

  const cases: [title: string, events: (Event | object)[], expected: string[]][] = [
    ['an alert that has not resolved fires', [fired(first)], ['a-1 firing']],
    [
      'the next alert of a rule is another one',
      [fired(first), resolved(first), fired(second)],
      ['a-1 resolved', 'a-2 firing'],
    ],
    ['of an alert whose beginning is gone, the end is sufficient', [resolved(first)], ['a-1 resolved']],
    [
      'a firing that comes after the end does not open an alert again',
      [fired(first), resolved(first), fired(first)],
      ['a-1 resolved'],
    ],
    [
      'records of other types, and broken ones, are passed over',
      [
        environmentReading('r'),
        { value: Buffer.from('hello') },
        fired(first, { data: { alertId: 'x' } }),
        fired(first, { data: { ...first, startedAt: 'yesterday' } }),
      ],
      [],
    ],
  ]
  for (const [title, events, expected] of cases)
    it(title, async () =>
      assert.deepEqual(
        (await lives(events)).map(({ id, state }) => `${id} ${state}`),
        expected,
      ),
    )

  const twelve = (make: () => Event) => Array.from({ length: 12 }, make)
  const [fires, ends] = [() => fired(first), () => resolved(first)]
  for (const [title, events, kinds] of [
    ['all firings first', [...twelve(fires), ...twelve(ends)], ['fired', 'resolved']],
    ['in turn', twelve(fires).flatMap(event => [event, ends()]), ['fired', 'resolved']],
    ['all ends first', [...twelve(ends), ...twelve(fires)], ['resolved']],
  ] as const)
    it(`given twelve partitions that report one alert, ${title}, then it ended once`, async () => {
      const [life, ...others] = await lives(events)
      assert.deepEqual([life?.state, others], ['resolved', []])
      assert.deepEqual(
        life?.transitions.map(({ kind }) => kind),
        kinds,
      )
    })

  it('given an alert that resolved for another reason, then its end does not repeat the value of its start', async () => {
    const removed = {
      ...resolved(first),
      data: { ...(resolved(first).data as object), reason: 'rule-removed' },
    }
    const [life] = await lives([fired(first), removed])
    assert.deepEqual(
      life?.transitions.map(({ reason, value, threshold }) => [reason, value, threshold]),
      [
        ['condition', 41, 40],
        ['rule-removed', undefined, undefined],
      ],
    )
    assert.equal(life?.clearedBy, null)
  })

  it('given an event that the log has twice, then it happened once', async () => {
    const once = fired(first)
    const [life] = await lives([once, once])
    assert.equal(life?.transitions.length, 1)
  })

  it('given ranges and a question about one alert, then no other is listed', async () => {
    assert.deepEqual(
      (await lives([fired(first), fired(second)], 1)).map(({ id }) => id),
      ['a-2'],
    )
    const log = new MemoryLogReader([logRecord(0, fired(first), PLACE), logRecord(1, fired(second), PLACE)])
    const range = { ...PLACE, start: 0, end: 2 }
    const isWanted = ({ alertId }: { alertId: string }) => alertId === 'a-1'
    assert.deepEqual([...(await readAlertLives(FAMILIES, log, [range], { isWanted })).keys()], ['a-1'])
  })
})
