import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FolderHistoryStore } from '../../../../lib/history/adapters/folder-store.ts'
import { parseFrontiers } from '../../../../lib/history/compaction.ts'
import { entityDigest, isErasedRow } from '../../../../lib/history/erased.ts'
import { putErasure } from '../../../../lib/history/erasures.ts'
import { frontierKey } from '../../../../lib/history/object-key.ts'
import { recordOf } from '../../../../lib/history/row.ts'
import { type HistoryStore, HistoryUnavailable } from '../../../../lib/history/store.ts'
import { HISTORY_TABLES } from '../../../../lib/history/tables.ts'
import type { CopyPlan, CopyPorts } from '../../../../lib/operations/history/copy.ts'
import { exportHistory } from '../../../../lib/operations/history/export.ts'
import { type ImportPorts, importHistory } from '../../../../lib/operations/history/import.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../../packages/runtime/cloudevents/writer.ts'
import { addObject, historyRows, MemoryHistory } from '../../../support/memory-history.ts'
import { environmentReading as reading } from '../../../support/records.ts'
import { sampled } from '../../../support/sampled.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const OTHER = 'sluice.telemetry.readings.other'
const START_MS = Date.parse('2026-11-20T12:00:00Z')
const PLAN: CopyPlan = { env: 'test', tables: HISTORY_TABLES, force: false }

function records(from: number, to: number, partition = 0, topic = TOPIC, startMs = START_MS): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const offset = from + index
    const sensor = offset % 2 === 0 ? 's-1' : 's-2'
    const written = writeEvent(reading(`${partition}-${offset}`, { sensor }))
    const timestampMs = startMs + offset * 1_000
    return { topic, partition, offset, timestampMs, key: Buffer.from(sensor), ...written }
  })
}

async function filled(): Promise<MemoryHistory> {
  const store = new MemoryHistory()
  await addObject(store, 'readings', records(0, 9), 'compacted')
  await addObject(store, 'readings', records(5, 9))
  await addObject(store, 'readings', records(10, 19))
  await addObject(store, 'readings', records(0, 3, 1))
  return store
}

function portsOf(
  from: HistoryStore,
  to: HistoryStore,
  more: Partial<ImportPorts> = {},
): ImportPorts & CopyPorts {
  return {
    from,
    to,
    stop: new AbortController().signal,
    onProgress: () => {},
    hasTopic: async () => false,
    nowMs: () => START_MS,
    ...more,
  }
}

async function recordsIn(store: HistoryStore): Promise<LogRecord[]> {
  const found: LogRecord[] = []
  for (const table of HISTORY_TABLES)
    for await (const rows of historyRows(store, { table })) found.push(...rows.map(recordOf))
  return found
}

async function exported(): Promise<MemoryHistory> {
  const place = new MemoryHistory()
  await exportHistory(PLAN, portsOf(await filled(), place))
  return place
}

const KEY = (level: string, range: string, topic = TOPIC) =>
  `readings/${level}/topic=${topic}/day=2026-11-20/0-${range}.parquet`
const FIRST = '0000000000000000-0000000000000009'
const LAST = '0000000000000010-0000000000000019'

describe('an export of the history', () => {
  it('copies the objects from which readers read, and lists them with rows and checksums', async () => {
    const place = new MemoryHistory()
    const { from: _, to: __, ...report } = await exportHistory(PLAN, portsOf(await filled(), place))
    assert.deepEqual(report, { copied: 3, skipped: 0, rows: 24, problems: [] })
    assert.ok(!place.objects.has(KEY('parts', '0000000000000005-0000000000000009')))
    const { objects, ...manifest } = JSON.parse(String(place.objects.get('manifest.json')))
    assert.deepEqual(manifest, { version: 1, env: 'test' })
    assert.deepEqual(
      objects.map(({ key, rows }: { key: string; rows: number }) => [key, rows]),
      [...place.objects.keys()]
        .filter(key => key !== 'manifest.json')
        .sort()
        .map(key => [key, key.includes(FIRST) ? 10 : key.includes(LAST) ? 10 : 4]),
    )
    assert.match(objects[0].sha256, /^[0-9a-f]{64}$/)
  })

  it('given a repeat, then nothing is written again; given more objects, they are added', async () => {
    const [history, place] = [await filled(), new MemoryHistory()]
    await exportHistory({ ...PLAN, untilMs: START_MS }, portsOf(history, place))
    await addObject(history, 'readings', records(20, 21))
    const { copied, skipped } = await exportHistory(PLAN, portsOf(history, place))
    assert.deepEqual({ copied, skipped }, { copied: 1, skipped: 3 })
    assert.equal(JSON.parse(String(place.objects.get('manifest.json'))).objects.length, 4)
  })

  it('given a table and a period, then only their objects are copied', async () => {
    const history = await filled()
    await addObject(history, 'readings', records(0, 1, 2, TOPIC, START_MS + 5 * 86_400_000))
    await addObject(history, 'alerts', records(0, 0, 0, 'sluice.telemetry.alerts.test'))
    const copiedBy = async (more: object) =>
      (await exportHistory({ ...PLAN, ...more }, portsOf(history, new MemoryHistory()))).copied
    assert.equal(await copiedBy({}), 5)
    assert.equal(await copiedBy({ tables: ['alerts'] }), 1)
    assert.equal(await copiedBy({ sinceMs: START_MS + 3 * 86_400_000 }), 1)
    assert.equal(await copiedBy({ untilMs: START_MS + 3 * 86_400_000 }), 4)
  })

  it('given other contents at the target, then they are kept without --force', async () => {
    const [history, place] = [await filled(), await exported()]
    const other = await addObject(history, 'readings', records(10, 19, 0, TOPIC, START_MS + 60_000))
    const before = place.objects.get(other)
    const { problems, skipped } = await exportHistory(PLAN, portsOf(history, place))
    assert.equal(skipped, 2)
    assert.match(problems.join(), /other contents, and was kept\. Use --force/)
    assert.equal(place.objects.get(other), before)
    assert.deepEqual((await exportHistory({ ...PLAN, force: true }, portsOf(history, place))).problems, [])
    assert.ok(place.objects.get(other)?.equals(history.objects.get(other) as Buffer))
  })

  it('given a damaged object, or one with other rows than its name says, then it is named', async () => {
    const history = await filled()
    history.objects.set(KEY('parts', LAST), history.objects.get(KEY('compacted', FIRST)) as Buffer)
    history.objects.set(KEY('compacted', FIRST), Buffer.from('PAR1'))
    const { copied, problems } = await exportHistory(PLAN, portsOf(history, new MemoryHistory()))
    assert.equal(copied, 1)
    assert.equal(problems.length, 2)
    assert.ok(problems[0]?.includes(KEY('compacted', FIRST)))
    assert.match(problems[1] ?? '', /its rows are not those that its name says/)
  })

  it('given an export of another environment at the target, then it is refused', async () => {
    await assert.rejects(
      exportHistory({ ...PLAN, env: 'other' }, portsOf(await filled(), await exported())),
      /export of the environment test: use another place/,
    )
  })
})

describe('an import of the history', () => {
  it('given any history, when it is exported and imported, then its records are the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-history-'))
    let run = 0
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 })), {
            minLength: 1,
            maxLength: 3,
          }),
          async partitions => {
            const history = new MemoryHistory()
            for (const [partition, [count, size]] of partitions.entries()) {
              for (let first = 0; first < count; first += size)
                await addObject(
                  history,
                  'readings',
                  records(first, Math.min(first + size, count) - 1, partition),
                )
              await addObject(
                history,
                'readings',
                records(0, Math.min(size * 2, count) - 1, partition),
                'compacted',
              )
            }
            run += 1
            const place = new FolderHistoryStore(join(folder, String(run)))
            const target = new MemoryHistory()
            await exportHistory(PLAN, portsOf(history, place))
            const { problems } = await importHistory({ ...PLAN, env: 'other' }, portsOf(place, target))
            assert.deepEqual(problems, [])
            const expected = (await recordsIn(history)).map(record => ({ ...record, topic: OTHER }))
            assert.deepEqual(await recordsIn(target), expected)
          },
        ),
        { numRuns: sampled(20) },
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('moves the frontier over compacted objects, and skips all in a repeat', async () => {
    const [place, target] = [await exported(), new MemoryHistory()]
    const first = await importHistory(PLAN, portsOf(place, target))
    assert.equal(first.copied, 3)
    const frontiers = parseFrontiers(String(target.objects.get(frontierKey('readings', TOPIC))))
    assert.deepEqual(
      [...(frontiers ?? [])].map(([partition, { toOffset }]) => [partition, toOffset]),
      [[0, 9]],
    )
    const { copied, skipped, problems } = await importHistory(PLAN, portsOf(place, target))
    assert.deepEqual({ copied, skipped, problems }, { copied: 0, skipped: 3, problems: [] })
  })

  it('given a fault at any request, then a repeat finishes', async () => {
    const place = await exported()
    let faults = 0
    for (let number = 1; ; number++) {
      const target = new MemoryHistory()
      target.failAt(number)
      const failed = await importHistory({ ...PLAN, env: 'other' }, portsOf(place, target)).then(
        () => false,
        error => error instanceof HistoryUnavailable || Promise.reject(error),
      )
      if (!failed) break
      faults++
      target.before = () => {}
      await importHistory({ ...PLAN, env: 'other' }, portsOf(place, target))
      assert.equal((await recordsIn(target)).length, 24)
      assert.ok(target.objects.has(frontierKey('readings', OTHER)))
    }
    assert.ok(faults > 10, String(faults))
  })

  it('given a changed or a missing object, then it is named, and the others are imported', async () => {
    const [place, target] = [await exported(), new MemoryHistory()]
    const swapped = KEY('compacted', FIRST)
    place.objects.set(swapped, place.objects.get(KEY('parts', LAST)) as Buffer)
    place.objects.delete(KEY('parts', LAST))
    const { copied, problems } = await importHistory(PLAN, portsOf(place, target))
    assert.equal(copied, 1)
    assert.match(problems.join('\n'), /day=2026-11-20\/0-0{16}-0{15}9\S+ is damaged: its checksum/)
    assert.match(problems.join('\n'), /0-0{14}10-0{14}19\.parquet does not exist any more/)
  })

  it('given a place without a manifest, then it is refused', async () => {
    await assert.rejects(
      importHistory(PLAN, portsOf(await filled(), new MemoryHistory())),
      /has no manifest\.json/,
    )
  })

  it('given a history of its own, then the partition is refused, and the others are imported', async () => {
    const [place, target] = [await exported(), new MemoryHistory()]
    const own = await addObject(target, 'readings', records(40, 41))
    const before = target.objects.get(own)
    const { copied, problems } = await importHistory(PLAN, portsOf(place, target))
    assert.equal(copied, 1)
    assert.match(problems.join(), new RegExp(`^${TOPIC}/0 was not imported: it has a history of its own`))
    assert.equal(target.objects.get(own), before)
    assert.equal((await importHistory({ ...PLAN, force: true }, portsOf(place, target))).copied, 2)
  })

  it('given a log in Kafka, then its partitions are refused, unless a lost history is restored by force', async () => {
    const target = new MemoryHistory()
    await addObject(target, 'readings', records(20, 25))
    const ports = portsOf(await exported(), target, { hasTopic: async () => true })
    const { copied, problems } = await importHistory(PLAN, ports)
    assert.deepEqual([copied, problems.length], [0, 2])
    assert.match(problems.join(), /\/0 was not imported: Kafka has a log of its own/)
    assert.equal((await importHistory({ ...PLAN, force: true }, ports)).copied, 3)
    assert.equal((await recordsIn(target)).length, 30)
  })

  it('given an erasure in the environment, then it applies to the import', async () => {
    const [place, target] = [await exported(), new MemoryHistory()]
    const entities = [entityDigest('/environment/test-site s-1')]
    await putErasure(target, { id: 'e', time: '', entities, upTo: { [TOPIC]: [14] } })
    await importHistory(PLAN, portsOf(place, target))
    const erased: number[] = []
    for await (const rows of historyRows(target, { table: 'readings', partitions: [0] }))
      erased.push(...rows.filter(isErasedRow).map(({ offset }) => offset))
    assert.deepEqual(erased, [0, 2, 4, 6, 8, 10, 12, 14])
    assert.equal((await importHistory(PLAN, portsOf(place, target))).skipped, 3)
  })
})
