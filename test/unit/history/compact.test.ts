import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CompactionProblem, type CompactionRun, compactHistory } from '../../../lib/history/compact.ts'
import { DELETED_AFTER_MS, parseFrontiers } from '../../../lib/history/compaction.ts'
import { frontierKey } from '../../../lib/history/object-key.ts'
import { decodeColumns } from '../../../lib/history/parquet.ts'
import { objectBytes, objectsOf, slicesOf } from '../../../lib/history/read.ts'
import { HistoryUnavailable } from '../../../lib/history/store.ts'
import { MemoryHistory, TEST_TOPIC, type TestPart, writePart } from '../../support/memory-history.ts'

const DAY_MS = 86_400_000
const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
const LIMITS = { rows: 100, bytes: 1_000_000 }
const FRONTIER = frontierKey('alerts', TEST_TOPIC)

/** Parts of two partitions. In partition 0, some were delivered again with other limits. The last part of each is of the next day. */
const PARTS: readonly TestPart[] = [
  { firstOffset: 0, lastOffset: 39, atMs: NOON_MS },
  { firstOffset: 40, lastOffset: 79, atMs: NOON_MS + 40_000 },
  { firstOffset: 30, lastOffset: 59, atMs: NOON_MS + 30_000 },
  { firstOffset: 80, lastOffset: 129, atMs: NOON_MS + 80_000 },
  { firstOffset: 130, lastOffset: 139, atMs: NOON_MS + DAY_MS },
  { firstOffset: 5, lastOffset: 24, atMs: NOON_MS, partition: 1 },
  { firstOffset: 25, lastOffset: 25, atMs: NOON_MS + DAY_MS, partition: 1 },
]

async function historyOf(parts: readonly TestPart[]): Promise<MemoryHistory> {
  const store = new MemoryHistory(NOON_MS)
  for (const part of parts) await writePart(store, part)
  return store
}

interface Outcome {
  readonly counts: Awaited<ReturnType<typeof compactHistory>>
  readonly problems: readonly CompactionProblem[]
}

async function compact(store: MemoryHistory, options: Partial<CompactionRun> = {}): Promise<Outcome> {
  const problems: CompactionProblem[] = []
  const counts = await compactHistory(store, {
    retention: {},
    limits: LIMITS,
    nowMs: () => store.nowMs,
    hasTime: () => true,
    report: problem => problems.push(problem),
    ...options,
  })
  return { counts, problems }
}

type Row = readonly [partition: number, offset: number, timestamp: number]

async function rowsIn(store: MemoryHistory, key: string): Promise<Row[]> {
  const { rows, values } = await decodeColumns(await objectBytes(store, key))
  const at = (name: string, row: number) => values[name]?.[row] as number
  return Array.from({ length: rows }, (_, row) => [
    at('partition', row),
    at('offset', row),
    at('timestamp', row),
  ])
}

/** Returns the rows that a reader with `coverage` sees, in order. */
async function rowsOf(store: MemoryHistory): Promise<Row[]> {
  const all: Row[] = []
  for (const { slices } of await slicesOf(store, { table: 'alerts' }))
    for (const { object, fromOffset, toOffset } of slices)
      for (const row of await rowsIn(store, object.key))
        if (row[1] >= fromOffset && row[1] <= toOffset) all.push(row)
  return all
}

/** Returns the rows that Athena sees: compacted rows up to the frontier, and rows of parts after it. Parts can repeat a row. */
async function rowsByFrontier(store: MemoryHistory): Promise<Row[]> {
  const frontiers = parseFrontiers((await store.get(FRONTIER))?.toString() ?? '') ?? new Map()
  const all = new Map<string, Row>()
  for (const { level, key } of await objectsOf(store, { table: 'alerts' }))
    for (const row of await rowsIn(store, key)) {
      const isCompacted = row[1] <= (frontiers.get(row[0])?.toOffset ?? -1)
      if (isCompacted !== (level === 'compacted')) continue
      assert.ok(!isCompacted || !all.has(row.join()), `row ${row} is in two compacted objects`)
      all.set(row.join(), row)
    }
  return [...all.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1])
}

async function assertEachRowOnce(
  store: MemoryHistory,
  expected: readonly Row[],
  when: string,
): Promise<void> {
  assert.deepEqual(await rowsOf(store), expected, `readers, ${when}`)
  assert.deepEqual(await rowsByFrontier(store), expected, `Athena, ${when}`)
}

function keysOf(store: MemoryHistory, start: string): string[] {
  return [...store.objects.keys()]
    .filter(key => key.startsWith(start))
    .map(key => key.slice(key.indexOf('day=')))
}

describe('compaction of a history', () => {
  it('writes compacted objects, moves the frontier an hour later, and deletes the parts after another hour', async () => {
    const store = await historyOf(PARTS)
    const expected = await rowsOf(store)
    assert.equal(expected.length, 161)
    const { counts, problems } = await compact(store)
    assert.deepEqual(problems, [])
    assert.deepEqual(counts, {
      compacted: 3,
      merged: 5,
      superseded: 0,
      expired: 0,
      problems: 0,
      finished: true,
    })
    assert.deepEqual(keysOf(store, 'alerts/compacted').sort(), [
      'day=2026-03-01/0-0000000000000000-0000000000000079.parquet',
      'day=2026-03-01/0-0000000000000080-0000000000000129.parquet',
      'day=2026-03-01/1-0000000000000005-0000000000000024.parquet',
    ])
    await assertEachRowOnce(store, expected, 'after the first run')
    assert.equal(keysOf(store, 'alerts/parts').length, PARTS.length)

    store.nowMs += DELETED_AFTER_MS - 1
    await compact(store)
    assert.ok(!store.objects.has(FRONTIER))
    store.nowMs += 1
    await compact(store)
    assert.ok(store.objects.has(FRONTIER))
    await assertEachRowOnce(store, expected, 'after the frontier has moved')
    store.nowMs += DELETED_AFTER_MS - 1
    assert.equal((await compact(store)).counts.superseded, 0)
    store.nowMs += 1
    assert.equal((await compact(store)).counts.superseded, 5)
    assert.deepEqual(keysOf(store, 'alerts/parts').sort(), [
      'day=2026-03-02/0-0000000000000130-0000000000000139.parquet',
      'day=2026-03-02/1-0000000000000025-0000000000000025.parquet',
    ])
    await assertEachRowOnce(store, expected, 'after the deletion')
    assert.deepEqual((await compact(store)).counts, { ...counts, compacted: 0, merged: 0 })
  })

  it('given a crash at any call, before or after its effect, then each row counts once, later too', async () => {
    const whole = await historyOf(PARTS)
    const expected = await rowsOf(whole)
    // The runs an hour apart write, move the frontier, and delete.
    const runs = async (store: MemoryHistory) => {
      for (let run = 0; run < 3; run++) {
        await compact(store)
        store.nowMs += DELETED_AFTER_MS
      }
    }
    const first = whole.requests.length
    await runs(whole)
    const last = whole.requests.length - first
    assert.ok(last > 20)
    const places = new Set<string>()
    for (let call = 1; call <= last; call++)
      for (const after of [false, true]) {
        const store = await historyOf(PARTS)
        store.failAt(call, after)
        await assert.rejects(runs(store), HistoryUnavailable)
        store.recover()
        const when = `after a crash at call ${call}, ${after ? 'after' : 'before'} its effect`
        places.add([...store.objects.keys()].join())
        await assertEachRowOnce(store, expected, when)
        for (let run = 0; run < 4; run++) {
          const before = (await slicesOf(store, { table: 'alerts' })).flatMap(({ slices }) => slices)
          await compact(store)
          await assertEachRowOnce(store, expected, `${when}, and ${run + 1} more runs`)
          // A query that began before the run still finds its objects.
          for (const { object } of before) assert.ok(store.objects.has(object.key), `${object.key} ${when}`)
          store.nowMs += DELETED_AFTER_MS
        }
        assert.deepEqual(new Set(store.objects.keys()), new Set(whole.objects.keys()), when)
      }
    assert.ok(places.size >= 5, 'the crashes happened in different states')
  })

  it('given two compactors at once, call by call, then they write the same objects, and no row is lost', async () => {
    const expected = await rowsOf(await historyOf(PARTS))
    const bytes = new Map<string, string>()
    for (const hours of [0, 1, 2, 3]) {
      const store = await historyOf(PARTS)
      for (let hour = 0; hour < hours; hour++) {
        await compact(store)
        store.nowMs += DELETED_AFTER_MS
      }
      await Promise.all([compact(store), compact(store)])
      await assertEachRowOnce(store, expected, `two runs after ${hours} hours`)
      for (const [key, one] of store.objects) {
        if (!key.includes('compacted')) continue
        const text = one.toString('base64')
        assert.equal(bytes.get(key) ?? text, text)
        bytes.set(key, text)
      }
    }
    assert.equal(bytes.size, 3)
  })

  it('given too little time, then it stops between two objects, and the next runs continue', async () => {
    const store = await historyOf(PARTS)
    const expected = await rowsOf(store)
    const written: number[] = []
    for (let run = 0; run < 5; run++) {
      let left = 3
      const { counts } = await compact(store, { hasTime: () => left-- > 0 })
      written.push(counts.compacted)
      await assertEachRowOnce(store, expected, `after run ${run}`)
    }
    assert.ok(written.every(count => count <= 2))
    assert.equal(
      written.reduce((sum, count) => sum + count, 0),
      3,
    )
  })
})

describe('parts that come after the compaction', () => {
  const later = async (store: MemoryHistory) => {
    store.nowMs += DELETED_AFTER_MS
    return compact(store)
  }

  it('given a redelivered part, then it adds no row, and is deleted', async () => {
    const store = await historyOf(PARTS)
    const expected = await rowsOf(store)
    await compact(store)
    await later(store)
    await later(store)
    for (const part of PARTS) await writePart(store, part)
    await writePart(store, { firstOffset: 70, lastOffset: 89, atMs: NOON_MS + 70_000 })
    await assertEachRowOnce(store, expected, 'after the redelivery')
    const { counts, problems } = await compact(store)
    assert.deepEqual([counts.superseded, counts.compacted, problems], [6, 0, []])
    await assertEachRowOnce(store, expected, 'after the deletion')
  })

  it('given a part of a recreated topic, then it is kept, and reported with its offsets', async () => {
    const store = await historyOf(PARTS)
    await compact(store)
    await later(store)
    await later(store)
    // Of the second part, only the first row has the timestamp of the old topic; of the third, only the last row.
    const keys = [
      await writePart(store, { firstOffset: 0, lastOffset: 19, atMs: NOON_MS + 5 * DAY_MS }),
      await writePart(store, { firstOffset: 20, lastOffset: 30, atMs: NOON_MS + 20_000, stepMs: 500 }),
      await writePart(store, { firstOffset: 40, lastOffset: 50, atMs: NOON_MS + 45_000, stepMs: 500 }),
    ]
    await writePart(store, { firstOffset: 31, lastOffset: 39, atMs: NOON_MS + 31_000 })
    const { counts, problems } = await later(store)
    const range = { kind: 'recreated', topic: TEST_TOPIC, partition: 0 }
    assert.deepEqual(
      problems.toSorted((one, other) => ('key' in one && 'key' in other && one.key < other.key ? -1 : 1)),
      [
        { ...range, key: keys[1], fromOffset: 20, toOffset: 30 },
        { ...range, key: keys[2], fromOffset: 40, toOffset: 50 },
        { ...range, key: keys[0], fromOffset: 0, toOffset: 19 },
      ],
    )
    assert.equal(counts.superseded, 1)
    for (const key of keys) assert.ok(store.objects.has(key))
  })

  it('given a missing range, then it is reported once with its offsets; a part that fills it is compacted', async () => {
    const store = await historyOf([
      { firstOffset: 0, lastOffset: 9, atMs: NOON_MS },
      { firstOffset: 20, lastOffset: 29, atMs: NOON_MS + 20_000 },
      { firstOffset: 30, lastOffset: 39, atMs: NOON_MS + DAY_MS },
    ])
    const missing = { kind: 'missing', topic: TEST_TOPIC, partition: 0, fromOffset: 10, toOffset: 19 }
    assert.deepEqual((await compact(store)).problems, [])
    assert.deepEqual((await later(store)).problems, [missing])
    assert.deepEqual((await later(store)).problems, [])
    await writePart(store, { firstOffset: 0, lastOffset: 29, atMs: NOON_MS })
    const { counts, problems } = await later(store)
    assert.deepEqual([counts.compacted, problems], [1, []])
    await later(store)
    assert.equal(keysOf(store, 'alerts/parts').length, 1)
    assert.deepEqual(
      (await rowsOf(store)).map(([, offset]) => offset),
      Array.from({ length: 40 }, (_, offset) => offset),
    )
  })

  it('given parts that fill a missing range with later columns, then rows without them have nulls', async () => {
    const store = await historyOf([
      { firstOffset: 0, lastOffset: 4, atMs: NOON_MS, columns: { id: offset => `id-${offset}` } },
      {
        firstOffset: 5,
        lastOffset: 9,
        atMs: NOON_MS + 5_000,
        columns: {
          severity: offset => (offset === 7 ? null : 'warning'),
          removed_field: offset => offset / 2,
        },
      },
      { firstOffset: 10, lastOffset: 10, atMs: NOON_MS + DAY_MS },
    ])
    await compact(store)
    const [key] = [...store.objects.keys()].filter(one => one.includes('compacted')) as [string]
    const { columns, values } = await decodeColumns(await objectBytes(store, key))
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['topic', 'partition', 'offset', 'timestamp', 'id', 'severity', 'removed_field'],
    )
    assert.deepEqual(values.id, ['id-0', 'id-1', 'id-2', 'id-3', 'id-4', null, null, null, null, null])
    assert.deepEqual(values.severity?.slice(4), [null, 'warning', 'warning', null, 'warning', 'warning'])
    assert.deepEqual(values.removed_field?.slice(4), [null, 2.5, 3, 3.5, 4, 4.5])
  })
})

describe('objects that cannot be compacted', () => {
  it('given a damaged part, then only its partition waits, and it is reported and kept', async () => {
    const store = await historyOf(PARTS)
    const [damaged] = [...store.objects.keys()].filter(key => key.includes('0-0000000000000080')) as [string]
    const bytes = store.objects.get(damaged) as Buffer
    store.objects.set(damaged, bytes.subarray(0, bytes.length - 9))
    for (let run = 0; run < 3; run++) {
      const { problems } = await compact(store)
      assert.deepEqual(
        problems.map(one => [one.kind, 'key' in one && one.key]),
        [['unusable', damaged]],
      )
      store.nowMs += DELETED_AFTER_MS
    }
    assert.ok(store.objects.has(damaged))
    const frontiers = parseFrontiers((await store.get(FRONTIER))?.toString() ?? '')
    assert.deepEqual([frontiers?.get(0)?.toOffset, frontiers?.get(1)?.toOffset], [79, 24])
  })

  it('given a part with the rows of another partition or other offsets, then it is not compacted', async () => {
    for (const other of [{ partition: 1 }, { firstOffset: 1, lastOffset: 40 }, { lastOffset: 50 }]) {
      const store = await historyOf(PARTS)
      const [part] = PARTS as [TestPart]
      const [own, foreign] = [await writePart(store, part), await writePart(store, { ...part, ...other })]
      store.objects.set(own, store.objects.get(foreign) as never)
      if (foreign !== own) store.objects.delete(foreign)
      const { problems } = await compact(store)
      assert.deepEqual(
        problems.map(one => one.kind === 'unusable' && [one.key, one.reason]),
        [[own, 'it contains other rows than its key says']],
      )
      assert.ok(store.objects.has(own))
    }
  })

  it('given objects of other names, then they are reported and kept, and all partitions are compacted', async () => {
    const store = await historyOf(PARTS)
    await store.put('alerts/parts/notes.txt', Buffer.from('mine'))
    await store.put(`alerts/compacted/topic=${TEST_TOPIC}/day=2026-03-01/x.parquet`, Buffer.from('mine'))
    const { counts, problems } = await compact(store)
    assert.equal(counts.compacted, 3)
    assert.deepEqual(
      problems.map(one => one.kind),
      ['unusable', 'unusable'],
    )
    assert.ok(store.objects.has('alerts/parts/notes.txt'))
  })

  it('given a frontier that is not valid, then its topic waits', async () => {
    const store = await historyOf(PARTS)
    await store.put(FRONTIER, Buffer.from('{'))
    const { counts, problems } = await compact(store)
    assert.equal(counts.compacted, 0)
    assert.deepEqual(problems, [{ kind: 'unusable', key: FRONTIER, reason: 'it is not a frontier' }])
  })

  it('given a damaged compacted object, then the parts whose rows it has are kept', async () => {
    const store = await historyOf(PARTS)
    await compact(store)
    const [key] = [...store.objects.keys()].filter(one => one.includes('compacted')) as [string]
    store.objects.set(key, Buffer.from('PAR1'))
    store.nowMs += DELETED_AFTER_MS
    await compact(store)
    store.nowMs += DELETED_AFTER_MS
    const { problems } = await compact(store)
    assert.deepEqual(
      problems.map(one => 'key' in one && one.key),
      [key],
    )
    assert.ok(keysOf(store, 'alerts/parts').some(one => one.includes('0-0000000000000000')))
  })
})

describe('retention of a history', () => {
  it('deletes the objects of days that are older, only of tables with a retention', async () => {
    const store = await historyOf(PARTS)
    await compact(store)
    store.nowMs = NOON_MS + 3 * DAY_MS
    assert.equal((await compact(store, { retention: { events: 2 * DAY_MS } })).counts.expired, 0)
    for (const part of PARTS) await writePart(store, part)
    const { counts } = await compact(store, { retention: { alerts: 2 * DAY_MS } })
    assert.equal(counts.expired, 3 + 5)
    assert.deepEqual(
      (await rowsOf(store)).map(([partition, offset]) => [partition, offset]),
      [...Array.from({ length: 10 }, (_, row) => [0, 130 + row]), [1, 25]],
    )
  })
})
