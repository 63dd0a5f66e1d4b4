import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkHistory } from '../../../../control/diagnosis/checks/history.ts'
import { gatherArchiveFacts } from '../../../../control/diagnosis/gather-history.ts'
import { formatObjectKey, type HistoryObject } from '../../../../lib/history/object-key.ts'
import { HistoryUnavailable } from '../../../../lib/history/store.ts'
import { NAMES } from '../../../support/families.ts'
import { MemoryHistory } from '../../../support/memory-history.ts'

const TOPIC = 'sluice.telemetry.readings.test'

const object = (firstOffset: number, lastOffset: number, day: string, partition = 0): HistoryObject => {
  const range = { table: 'readings', topic: TOPIC, partition, day, firstOffset, lastOffset } as const
  return { ...range, key: formatObjectKey(range) }
}

function verdicts(objects: readonly HistoryObject[]): Record<string, string> {
  const findings = checkHistory({ topic: TOPIC, days: 15, objects: { seen: objects } })
  return Object.fromEntries(
    findings.map(({ check, verdict, says }) => [check, verdict === 'ok' ? 'ok' : says]),
  )
}

const OK = { missing: 'ok', overlapping: 'ok', recreated: 'ok' }

describe('findings about the history', () => {
  it('given objects of one log, in any order, then none is wrong', () => {
    assert.deepEqual(verdicts([]), OK)
    const objects = [
      object(10, 19, '2026-11-02'),
      object(0, 9, '2026-11-01'),
      // A single offset is the marker of a transaction.
      object(21, 30, '2026-11-02'),
      object(500, 509, '2026-11-01', 1),
      // The clock of a producer was behind.
      object(510, 519, '2026-10-31', 1),
    ]
    assert.deepEqual(verdicts(objects), OK)
  })

  // Promise docs/history.md#objects
  it('given missing ranges, then they are named by partition', () => {
    const objects = [
      object(5, 9, '2026-11-01'),
      object(20, 29, '2026-11-09'),
      object(0, 1, '2026-11-01', 3),
      object(4, 5, '2026-11-01', 3),
    ]
    assert.deepEqual(verdicts(objects), { ...OK, missing: 'offsets are missing: 0/10-19, 3/2-3' })
  })

  it('given objects with the same offsets, then the later ones are named', () => {
    const [inside, across] = [object(5, 9, '2026-11-01'), object(15, 24, '2026-11-01')]
    const objects = [object(0, 9, '2026-11-01'), inside, object(10, 19, '2026-11-01'), across]
    assert.deepEqual(verdicts(objects), {
      ...OK,
      overlapping: `objects repeat rows of others: ${inside.key}, ${across.key}`,
    })
  })

  it('given lower offsets of later days, or two days of the same offsets, then the topic was created again', () => {
    const recreated = 'later days have lower offsets, in partition 2: the topic was created again'
    const again = [object(70, 99, '2026-11-01', 2), object(0, 9, '2026-11-10', 2)]
    assert.deepEqual(verdicts(again), { ...OK, recreated })
    const same = [object(0, 9, '2026-11-01', 2), object(0, 9, '2026-11-02', 2)]
    assert.deepEqual(verdicts(same), { ...OK, recreated })
  })

  it('given a bucket, then the objects of twice the retention are listed; away, then all is unknown', async () => {
    const store = new MemoryHistory()
    const nowMs = Date.parse('2026-11-25T12:00:00Z')
    const kept = object(0, 9, '2026-11-10')
    for (const { key } of [object(0, 9, '2026-11-08'), kept, object(0, 9, 'x')])
      await store.put(key, Buffer.from(''))
    const [readings] = await gatherArchiveFacts(store, { env: 'test', names: NAMES }, nowMs)
    assert.deepEqual(readings, { topic: TOPIC, days: 15, objects: { seen: [kept] } })
    store.before = () => {
      throw new HistoryUnavailable('The bucket refuses access')
    }
    const [away] = await gatherArchiveFacts(store, { env: 'test', names: NAMES }, nowMs)
    assert.ok(away)
    for (const { verdict, says } of checkHistory(away))
      assert.deepEqual([verdict, says], ['unknown', 'The bucket refuses access'])
  })
})
