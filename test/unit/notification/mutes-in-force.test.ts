import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_DATA } from '../../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../../lib/alerting/pipeline-down.ts'
import { INHIBITION_CHANGED_TYPE, isInhibited } from '../../../lib/notification/inhibition.ts'
import {
  dropMoreBefore,
  isMoreMuted,
  listMoreAlerts,
  markAllTold,
  SENT_FLAG,
  silencedUntilMs,
  withMore,
  withoutMore,
} from '../../../lib/notification/more-alerts.ts'
import { MUTING, NOTHING_MUTED } from '../../../lib/notification/mutes-in-force.ts'
import { SILENCES_CHANGED_TYPE } from '../../../lib/notification/silences-changed.ts'
import { fired, START_MS, silence } from './support.ts'

const DAY_MS = 24 * 60 * 60_000
type Change = readonly [data: object, timeMs: number]
const down = (alertId: string, timeMs = 0): Change => [{ alertId, status: 'firing' }, timeMs]
const up = (alertId: string, timeMs = 0): Change => [{ alertId, status: 'resolved' }, timeMs]
const set = (revision: number, ...ends: readonly number[]): Change => [
  { revision, silences: ends.map(end => silence('s', 0, end, {})) },
  0,
]

/** Returns what mutes after these changes: the time until which silent entities are muted, and the ends of the silences, in seconds. */
function after(...changes: readonly Change[]) {
  const data = changes.reduce<unknown>((before, [change, timeMs]) => {
    const type = 'revision' in change ? SILENCES_CHANGED_TYPE : INHIBITION_CHANGED_TYPE
    return MUTING.fold?.(before, { type, data: change, timeMs } as never)
  }, undefined)
  const { inhibitedUntilMs, silences } = MUTING.read(data)
  // Each silence ends at a second of its own, by which it is known.
  return [inhibitedUntilMs, ...silences.map(({ endMs }) => (endMs - START_MS) / 1_000)]
}

describe('what mutes in a partition', () => {
  const many = (count: number, change: (id: string) => Change) =>
    Array.from({ length: count }, (_, index) => change(`p${index}`))
  // biome-ignore format: a table
  for (const [given, changes, expected] of [
    ['a pipeline that is down, then for a day at most', [down('p', 5)], [DAY_MS + 5]],
    ['the same alert of another partition later, then from the first on', [down('p', 5), down('p', 9)], [DAY_MS + 5]],
    ['two, then from the later on', [down('p', 9), down('q', 5)], [DAY_MS + 9]],
    ['the end of one of two', [down('p', 9), down('q', 5), up('p')], [DAY_MS + 5]],
    ['the end of both', [down('p'), down('q'), up('q'), up('p')], [0]],
    ['an end before its begin', [up('p'), down('p')], [0]],
    ['more alerts than are kept, then the latest count', [...many(101, id => down(id, Number(id.slice(1)))), ...many(101, up).slice(1)], [0]],
    ['more ends than are kept, then the latest are known', [...many(101, up), down('p100', 7), down('p0', 3)], [DAY_MS + 3]],
    ['a newer set of silences', [set(1, 1), set(2, 2, 3)], [0, 2, 3]],
    ['an older set', [set(2, 2), set(1, 1)], [0, 2]],
    ['the same revision again', [set(2, 2), set(2, 3)], [0, 3]],
    ['silences and a pipeline that is down', [down('p', 5), set(1, 1)], [DAY_MS + 5, 1]],
  ] as const)
    it(`given ${given}`, () => assert.deepEqual(after(...changes), expected))

  it('given an alert about a silent entity, then a pipeline that is down makes it doubtful, and no other', () => {
    const { rule } = fired('a')
    assert.ok(isInhibited({ rule: NO_DATA, reason: 'condition' }))
    assert.ok(isInhibited({ rule, reason: 'silent' }))
    assert.ok(!isInhibited({ rule, reason: 'condition' }))
    assert.ok(!isInhibited({ rule: PIPELINE_DOWN, reason: 'condition' }))
  })
})

describe('alerts that a group keeps without their data', () => {
  const ids = ['a', 'b', 'c', 'd'] as const
  const values = [0, SENT_FLAG, 500, -501] as const
  const all = ids.reduce((more, id, index) => withMore(more, id, values[index] as number), '')

  it('given several, then each is found and removed with its value, and the others stay', () => {
    assert.deepEqual(listMoreAlerts(all), values)
    for (const [index, id] of ids.entries()) {
      const found = withoutMore(all, id)
      assert.equal(found?.one, values[index])
      assert.deepEqual(listMoreAlerts(found?.rest ?? ''), values.toSpliced(index, 1))
    }
    assert.equal(withoutMore(all, 'e'), undefined)
    assert.deepEqual(withoutMore(withMore('', 'a', 7), 'a'), { rest: '', one: 7 })
  })

  it('given a time, then those that are not muted then are sent, and stay so', () => {
    const muting = { ...NOTHING_MUTED, inhibitedUntilMs: 300 }
    assert.deepEqual(listMoreAlerts(markAllTold(all, 100, muting)), [SENT_FLAG, SENT_FLAG, 500, -501])
    assert.deepEqual(listMoreAlerts(markAllTold(all, 499, muting)), [SENT_FLAG, SENT_FLAG, 500, -501])
    assert.deepEqual(listMoreAlerts(markAllTold(all, 500, muting)), [
      SENT_FLAG,
      SENT_FLAG,
      SENT_FLAG,
      SENT_FLAG,
    ])
    assert.deepEqual([500, -501, 0, -1].map(silencedUntilMs), [500, 500, 0, 0])
    const mutedAt = (value: number) => [299, 300].map(atMs => isMoreMuted(value, atMs, muting))
    assert.deepEqual([0, -1].map(mutedAt), [
      [false, false],
      [true, false],
    ])
  })

  it('given a least value, then lower ones are dropped, and those that were sent stay', () => {
    assert.deepEqual(listMoreAlerts(dropMoreBefore(all, 500)), [SENT_FLAG, 500])
    assert.deepEqual(listMoreAlerts(dropMoreBefore(all, 501)), [SENT_FLAG])
  })
})
