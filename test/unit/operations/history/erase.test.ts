import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entityDigest, isErasedRow } from '../../../../lib/history/erased.ts'
import { ErasureList, putWithoutErased } from '../../../../lib/history/erasures.ts'
import { type ObjectRange, parseObjectKey } from '../../../../lib/history/object-key.ts'
import { encodeRows } from '../../../../lib/history/parquet.ts'
import { rowsOf } from '../../../../lib/history/row.ts'
import { HistoryUnavailable } from '../../../../lib/history/store.ts'
import { eraseFromHistory } from '../../../../lib/operations/history/erase.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../../packages/runtime/consumer/event.ts'
import { deadLetterRecord } from '../../../support/dead-letters.ts'
import { addObject, MemoryHistory, PLAIN, rowsIn } from '../../../support/memory-history.ts'
import { alertFired, environmentReading as reading } from '../../../support/records.ts'

const READINGS = 'sluice.telemetry.readings.test'
const ALERTS = 'sluice.telemetry.alerts.test'
const DLQ = 'sluice.telemetry.dlq.test'
const OLD = 'sluice.telemetry.readings.old'
const SITE = '/environment/test-site'
const ENTITY = `${SITE} s-1`
/** Ends of the log. The erasure is at offset 40 of the readings, and record 41 came after it. */
const ENDS: Readonly<Record<string, readonly number[]>> = {
  [READINGS]: [42],
  [ALERTS]: [3],
  [DLQ]: [20, 20, 20],
}
const REQUEST = {
  id: 'e1',
  time: '2026-11-24T10:00:00Z',
  entities: new Set([ENTITY]),
  topics: Object.keys(ENDS),
  records: [{ topic: READINGS, partition: 0, offset: 40 }],
}

function recordOf(topic: string, event: Event, offset: number): LogRecord {
  const place = { topic, partition: 0, offset, timestampMs: 1_767_225_600_000 + offset * 1_000 }
  return { ...place, key: null, ...writeEvent(event) }
}

function readings(from: number, to: number, topic = READINGS): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const offset = from + index
    return recordOf(topic, reading(`r${offset}`, { sensor: offset % 2 === 0 ? 's-1' : 's-2' }), offset)
  })
}

async function filled() {
  const store = new MemoryHistory()
  const dead = deadLetterRecord()
  const failed = deadLetterRecord({
    originalHeaders: [
      { name: 'ce_source', value: btoa(SITE) },
      { name: 'ce_subject', value: btoa('s-1') },
    ],
  })
  const keys = {
    compacted: await addObject(store, 'readings', readings(0, 19), 'compacted'),
    merged: await addObject(store, 'readings', readings(10, 19)),
    last: await addObject(store, 'readings', readings(30, 41)),
    gone: await addObject(store, 'readings', readings(50, 51, OLD)),
    others: await addObject(store, 'readings', [recordOf(READINGS, reading('o', { sensor: 's-3' }), 42)]),
    alerts: await addObject(store, 'alerts', [recordOf(ALERTS, alertFired('a1'), 2)]),
    dead: await addObject(store, 'dead_letters', [
      { ...dead, topic: DLQ, offset: 17 },
      { ...failed, topic: DLQ, offset: 18 },
    ]),
  }
  return { store, keys }
}

function ports(store: MemoryHistory, progress: number[][] = []) {
  return {
    store,
    ends: async (topic: string) => ENDS[topic],
    stop: new AbortController().signal,
    onProgress: (done: number, total: number) => void progress.push([done, total]),
  }
}

/** Offsets of the rows whose contents are erased, by object. */
async function erasedIn({
  store,
  keys,
}: Awaited<ReturnType<typeof filled>>): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {}
  for (const [name, key] of Object.entries(keys)) {
    const table = key.split('/', 1)[0] as 'readings'
    const rows = await rowsIn(store, table, key)
    found[name] = rows.filter(isErasedRow).map(({ offset }) => offset)
  }
  return found
}

const ALL_ERASED = {
  compacted: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18],
  merged: [10, 12, 14, 16, 18],
  last: [30, 32, 34, 36, 38, 40],
  gone: [50],
  others: [],
  alerts: [2],
  dead: [18],
}
const NOTHING = Object.fromEntries(Object.keys(ALL_ERASED).map(name => [name, []]))

describe('an erasure from the history', () => {
  it('given objects of all tables, then rows of the entity are erased up to the erasure, and counted', async () => {
    const history = await filled()
    const { store, keys } = history
    const others = store.objects.get(keys.others)
    const [counts, progress]: [Record<string, number>, number[][]] = [{}, []]
    const { notReached, ...reach } = await eraseFromHistory(REQUEST, ports(store, progress), counts)
    const rows = { readings: 22, alerts: 1, dead_letters: 1 }
    assert.deepEqual(reach, { place: 's3://history', objects: 6, rows, damaged: [] })
    assert.deepEqual(counts, { historyObjects: 6, historyRows: 24 })
    assert.deepEqual(await erasedIn(history), ALL_ERASED)
    assert.equal(store.objects.get(keys.others), others, 'an object without the entity is not written')
    assert.deepEqual(progress.at(-1), [7, 7])
    assert.match(notReached.join(), /Kafka's own log/)
    assert.deepEqual(JSON.parse(String(store.objects.get('erasures/e1.json'))), {
      id: 'e1',
      time: REQUEST.time,
      entities: [entityDigest(ENTITY)],
      upTo: { [READINGS]: [40], [ALERTS]: [2], [DLQ]: [19, 19, 19] },
    })
  })

  it('given a dry run, then it counts the same, and writes nothing', async () => {
    const history = await filled()
    const before = history.store.requests.length
    const { objects, rows } = await eraseFromHistory(REQUEST, ports(history.store), undefined)
    assert.deepEqual({ objects, rows }, { objects: 6, rows: { readings: 22, alerts: 1, dead_letters: 1 } })
    assert.ok(history.store.requests.slice(before).every(request => !request.startsWith('put')))
    assert.deepEqual(await erasedIn(history), NOTHING)
  })

  it('given a fault at any request, then a repeat finishes, and no row is lost', async () => {
    let faults = 0
    for (let number = 1; ; number++) {
      const history = await filled()
      history.store.failAt(number)
      const failed = await eraseFromHistory(REQUEST, ports(history.store), {}).then(
        () => false,
        error => {
          assert.ok(error instanceof HistoryUnavailable)
          return true
        },
      )
      history.store.before = () => {}
      if (!failed) break
      faults++
      await eraseFromHistory({ ...REQUEST, id: 'e2' }, ports(history.store), {})
      assert.deepEqual(await erasedIn(history), ALL_ERASED)
      const rows = await rowsIn(history.store, 'readings', history.keys.last)
      assert.deepEqual(
        rows.map(({ offset }) => offset),
        readings(30, 41).map(({ offset }) => offset),
      )
    }
    assert.ok(faults > 15, String(faults))
  })

  it('given an erasure that ended in the middle, then objects written later are without the entity', async () => {
    const { store, keys } = await filled()
    store.failAt(9)
    await assert.rejects(eraseFromHistory(REQUEST, ports(store), {}))
    store.before = () => {}
    const erasures = new ErasureList(store, () => 0)
    const bytes = encodeRows('readings', await rowsOf(readings(30, 41), PLAIN))
    await putWithoutErased({ store, erasures }, parseObjectKey(keys.last) as ObjectRange, bytes)
    const written = await rowsIn(store, 'readings', keys.last)
    assert.deepEqual(
      written.filter(isErasedRow).map(({ offset }) => offset),
      ALL_ERASED.last,
    )
  })

  it('given a damaged object, then it is named, and the others are rewritten', async () => {
    const history = await filled()
    history.store.objects.set(history.keys.merged, Buffer.from('PAR1'))
    const { damaged, objects } = await eraseFromHistory(REQUEST, ports(history.store), {})
    assert.equal(objects, 5)
    assert.equal(damaged.length, 1)
    assert.ok(damaged[0]?.includes(history.keys.merged), damaged[0])
  })

  it('given an object that the compactor has removed meanwhile, then it is left out', async () => {
    const { store, keys } = await filled()
    store.before = request => {
      if (request === `get ${keys.merged}`) store.objects.delete(keys.merged)
    }
    assert.equal((await eraseFromHistory(REQUEST, ports(store), {})).objects, 5)
    assert.ok(!store.objects.has(keys.merged))
  })
})
