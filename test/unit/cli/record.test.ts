import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'valibot'
import { type CopyProgress, copy } from '../../../lib/operations/record/copy.ts'
import { loadPosition } from '../../../lib/operations/record/position.ts'
import { extentOf, positionKind, rangesOf } from '../../../lib/operations/record/ranges.ts'
import { positionOf, RecordingFile } from '../../../lib/operations/record/recording-file.ts'
import { parseFilter } from '../../../lib/queries/record-filter.ts'
import { recordedLine } from '../../../lib/queries/recorded-line.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'

const TOPIC = 'sluice.telemetry.readings.test'
const NEVER = new AbortController().signal

const at = (partition: number, offset: number): LogRecord => ({
  topic: TOPIC,
  partition,
  offset,
  timestampMs: 1_000 + offset * 10 + partition,
  key: Buffer.from(`k${offset % 2}`),
  value: Buffer.from(`{"n":${offset}}`),
  headers: [],
})
/** Offset 7 of partition 0 is a marker. */
const LOG = [0, 1].flatMap(partition =>
  Array.from({ length: 10 }, (_, offset) => at(partition, offset)).filter(
    ({ offset }) => partition === 1 || offset !== 7,
  ),
)
const standing = (ends: readonly number[] = [10, 10]): CopyProgress => ({
  version: 1,
  topic: TOPIC,
  filters: [],
  recorded: 0,
  read: 0,
  expired: 0,
  oversize: 0,
  ranges: ends.map((end, partition) => ({ partition, start: 0, end, next: 0 })),
})

describe('ranges', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const position = (text: string) => parse(positionKind(now).schema, text)
  const reach = {
    bounds: [
      { start: 5, end: 20 },
      { start: 0, end: 8 },
    ],
    atTime: [],
  }
  const plan = { from: 'start', to: 'end', partition: undefined } as const
  const short = (ranges: readonly { start: number; end: number }[]) =>
    ranges.map(({ start, end }) => [start, end])

  test('positions are names, times, durations before now, and offsets', () => {
    assert.deepEqual(['start', 'end', 'now', '7', '1h', '2025-12-31T00:00Z'].map(position), [
      'start',
      'end',
      'end',
      { offset: 7 },
      { timeMs: now - 3_600_000 },
      { timeMs: now - 86_400_000 },
    ])
    assert.throws(() => position('yesterday'))
  })

  test('given bounds, then each partition has its part of them', () => {
    assert.deepEqual(short(rangesOf(plan, reach, []).ranges), [
      [5, 20],
      [0, 8],
    ])
    const times = { ...plan, from: { timeMs: 1 }, to: { timeMs: 2 } }
    assert.deepEqual(short(rangesOf(times, { ...reach, atTime: [7, 8] }, [9, 8]).ranges), [
      [7, 9],
      [8, 8],
    ])
    assert.deepEqual(short(rangesOf({ ...plan, partition: 1 }, reach, []).ranges), [[0, 8]])
  })

  test('given offsets that have expired, or may have, then that is said', () => {
    const offsets = { ...plan, from: { offset: 2 }, to: { offset: 6 }, partition: 0 }
    const { ranges, notes } = rangesOf(offsets, reach, [])
    assert.deepEqual(short(ranges), [[5, 6]])
    assert.deepEqual(notes, ['Partition 0: offsets 2 to 4 have expired.'])
    const since = rangesOf({ ...plan, from: { timeMs: 1 } }, { ...reach, atTime: [5, 0] }, [])
    assert.match(since.notes.join(), /^Partition 0 begins at offset 5\. Earlier records have expired/)
    assert.equal(since.notes.length, 1)
  })
})

describe('copying', () => {
  let folder: string
  let count = 0
  const path = (ending = '') => join(folder, `r${++count}.jsonl${ending}`)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-record-'))
  })
  after(() => rm(folder, { recursive: true }))

  const linesOf = (text: string) => text.split('\n').filter(line => line !== '')
  const inOrder = LOG.toSorted((a, b) => a.timestampMs - b.timestampMs).map(recordedLine)

  for (const ending of ['', '.gz'])
    test(`given a log, then the file has its records in order, and no part is left${ending}`, async () => {
      const name = path(ending)
      const file = await RecordingFile.create(name, 'r')
      const own = standing()
      await copy(new MemoryLogReader(LOG, 3), own, [], file, NEVER)
      await file.complete()
      const bytes = await readFile(name)
      assert.deepEqual(linesOf(String(ending ? gunzipSync(bytes) : bytes)), inOrder)
      assert.deepEqual([own.recorded, own.read, extentOf(own.ranges).done], [19, 19, 20])
      assert.equal(await loadPosition(positionOf(name), 'r'), undefined)
      await assert.rejects(readFile(`${name}.part`), { code: 'ENOENT' })
      await assert.rejects(RecordingFile.create(name, 'r'), /r already exists/)
    })

  for (const ending of ['', '.gz'])
    test(`when it is stopped anywhere and resumed, then no line is lost or doubled${ending}`, async () => {
      const lengths = new Set<number>()
      for (let until = 0; until < LOG.length - 1; until++) {
        const name = path(ending)
        const stop = new AbortController()
        const file = await RecordingFile.create(name, 'r')
        await copy(stoppingLog(until, stop), standing(), [], file, stop.signal)
        await file.close()
        const part = await readFile(`${name}.part`)
        const written = linesOf(String(ending && part.length ? gunzipSync(part) : part)).length
        assert.ok(written <= until, `${written} lines, although it was stopped after ${until} records`)
        lengths.add(written)
        // A kill can leave a torn line behind the position.
        await writeFile(`${name}.part`, Buffer.concat([part, Buffer.from('{"topic":"sl')]))
        const position = await loadPosition(positionOf(name), 'r')
        assert.ok(position)
        const again = await RecordingFile.resume(name, 'r', position)
        await copy(new MemoryLogReader(LOG), position, [], again, NEVER)
        await again.complete()
        const bytes = await readFile(name)
        assert.deepEqual(linesOf(String(ending ? gunzipSync(bytes) : bytes)), inOrder)
      }
      assert.ok(lengths.size > 3, 'it is stopped at several places')
    })

  test('given filters, then only what fits is written, and the rest counts as read', async () => {
    const name = path()
    const file = await RecordingFile.create(name, 'r')
    const own = standing()
    const filter = parseFilter('key=k1')
    assert.ok(filter)
    await copy(new MemoryLogReader(LOG), own, [filter], file, NEVER)
    await file.complete()
    assert.deepEqual([own.recorded, own.read], [9, 19])
    const lines = linesOf(await readFile(name, 'utf8'))
    assert.equal(lines.length, 9)
    assert.ok(lines.every(line => line.includes('{"text":"k1"}')))
  })

  test('given a log that expires meanwhile, then what is missing is counted', async () => {
    const log: LogReader = {
      read: async (topic, partition, { fromOffset, toOffset }) => {
        const kept = LOG.filter(record => record.partition === partition && record.offset >= 4)
        const found = await new MemoryLogReader(kept).read(topic, partition, {
          fromOffset: Math.max(4, fromOffset),
          toOffset,
        })
        return { ...found, logStart: 4 }
      },
    }
    const file = await RecordingFile.create(path(), 'r')
    const own = standing()
    await copy(log, own, [], file, NEVER)
    await file.complete()
    assert.deepEqual([own.recorded, own.expired], [11, 8])
  })

  test('given a recording that was stopped, then another one does not take its place', async () => {
    const name = path()
    const file = await RecordingFile.create(name, 'r')
    await file.close()
    await assert.rejects(RecordingFile.create(name, 'r'), /a recording to this file was stopped.*--resume/)
    const position = { ...standing(), bytes: 5 }
    await assert.rejects(
      RecordingFile.resume(name, 'r', position),
      /r\.part is shorter than specified in r\.position/,
    )
    await writeFile(positionOf(name), '{"version":2}')
    await assert.rejects(loadPosition(positionOf(name), 'p'), /p: it is not the position of a recording/)
  })

  /** A log whose user stops after this many records. */
  function stoppingLog(until: number, stop: AbortController): LogReader {
    const log = new MemoryLogReader(LOG, 1)
    let left = until + 1
    return {
      read: (...args) => {
        if (--left < 0) stop.abort()
        return log.read(...args)
      },
    }
  }
})
