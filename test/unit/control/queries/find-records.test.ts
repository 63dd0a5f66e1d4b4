import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '#runtime/cloudevents'
import { logRecord, MemoryLogReader } from '#runtime/testing'
import {
  type Direction,
  type FindLimits,
  findRecords,
} from '../../../../control/queries/records/find-records.ts'
import { readRecordGroupsBackward } from '../../../../control/queries/records/records-backward.ts'
import type { Range } from '../../../../lib/log/read-records.ts'

const FREE: FindLimits = {
  wanted: Number.POSITIVE_INFINITY,
  records: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  untilMs: 1,
  nowMs: () => 0,
}

const formatPlace = ({ partition, offset }: Pick<LogRecord, 'partition' | 'offset'>) =>
  `${partition}@${offset}`
const place = async (record: LogRecord) => formatPlace(record)

/** Partitions by the times of their records; an undefined time leaves its offset empty. */
function recordsAt(times: readonly (readonly (number | undefined)[])[]): LogRecord[] {
  return times.flatMap((own, partition) =>
    own.flatMap((timestampMs, offset) =>
      timestampMs === undefined ? [] : [logRecord(offset, {}, { topic: 't', partition, timestampMs })],
    ),
  )
}

function listRanges(times: readonly (readonly unknown[])[]): Range[] {
  return times.map((own, partition) => ({ topic: 't', partition, start: 0, end: own.length }))
}

function find(
  times: readonly (readonly (number | undefined)[])[],
  direction: Direction,
  limits: Partial<FindLimits> = {},
  ranges = listRanges(times),
) {
  const log = new MemoryLogReader(recordsAt(times), 3)
  return findRecords(log, ranges, direction, place, { ...FREE, ...limits })
}

describe('given records in several partitions', () => {
  const times = [[1, 5, 9], [2, 4, 6], []]

  it('when they are looked for backward, then the newest come first', async () => {
    const { found, endedBy, left } = await find(times, 'backward')
    assert.deepEqual(found, ['0@2', '1@2', '0@1', '1@1', '1@0', '0@0'])
    assert.deepEqual([endedBy, left], ['end', []])
  })

  it('when as many as wanted are found, then the unread rest and the time of the last are returned', async () => {
    const { found, endedBy, left, reachedMs } = await find(times, 'backward', { wanted: 2 })
    assert.deepEqual([found, endedBy, reachedMs], [['0@2', '1@2'], 'found', 6])
    assert.deepEqual(left, [
      { topic: 't', partition: 0, start: 0, end: 2 },
      { topic: 't', partition: 1, start: 0, end: 2 },
    ])
  })

  it('when exactly as many as wanted are there, then that is the end', async () => {
    assert.equal((await find(times, 'forward', { wanted: 6 })).endedBy, 'end')
  })

  for (const [name, limits] of [
    ['records', { records: 3 }],
    ['bytes', { bytes: 250 }],
    ['time', { untilMs: 3, nowMs: clock() }],
  ] as const)
    it(`when the limit of ${name} is reached before, then it says so, and where it stopped`, async () => {
      const { found, looked, endedBy, left } = await find(times, 'forward', limits)
      assert.deepEqual([found.length, looked, endedBy], [3, 3, 'limit'])
      assert.equal(
        left.reduce((sum, { start, end }) => sum + end - start, 0),
        3,
      )
    })

  it('when it continues where it ended, then each record comes once, in either direction', async () => {
    const partition = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }), {
      maxLength: 80,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(partition, { minLength: 1, maxLength: 4 }),
        fc.constantFrom<Direction>('forward', 'backward'),
        fc.integer({ min: 1, max: 20 }),
        async (all, direction, wanted) => {
          // A log in memory ends with its last record.
          const times = all.map(own => [...own, 50])
          const seen: string[] = []
          for (let ranges = listRanges(times); ranges.length > 0; ) {
            const { found, left } = await find(times, direction, { wanted }, ranges)
            seen.push(...found)
            assert.ok(seen.length <= recordsAt(times).length, 'a record came twice')
            ranges = [...left]
          }
          assert.deepEqual(seen.toSorted(), recordsAt(times).map(formatPlace).toSorted())
        },
      ),
      { numRuns: 60 },
    )
  })
})

it('given large records, when they are read backward, then only a few are in memory at a time', async () => {
  const value = Buffer.alloc(1024 * 1024)
  const records = Array.from({ length: 40 }, (_, offset) => logRecord(offset, { value }, { topic: 't' }))
  const ranges = [{ topic: 't', partition: 0, start: 0, end: 40 }]
  const seen: number[] = []
  for await (const group of readRecordGroupsBackward(new MemoryLogReader(records, 2), ranges)) {
    assert.ok(group.length <= 4, `${group.length} MiB`)
    seen.push(...group.map(({ offset }) => offset))
  }
  assert.deepEqual(seen, records.map(({ offset }) => offset).toReversed())
})

/** Moves on with each look at it. */
function clock(): () => number {
  let now = 0
  return () => now++
}
