import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type LogRecord, sizeOf } from '../../../../packages/runtime/cloudevents/record.ts'
import type { SegmentLimits } from '../../../../packages/runtime/consumer/segment-sink.ts'
import { SegmentCutter } from '../../../../packages/runtime/pipeline/segments/cutter.ts'

const SPAN_MS = 60_000

function record(offset: number, timestampMs = 0): LogRecord {
  return { topic: 't', partition: 0, offset, timestampMs, key: null, value: Buffer.from('1'), headers: [] }
}

function cutterOf(segments: SegmentLimits, accepts: readonly string[] = ['test']): SegmentCutter {
  return new SegmentCutter({ segments, accepts })
}

describe('given the limits of a segment', () => {
  test('when each is the least there is, then it is taken', () => {
    const cutter = cutterOf({ offsets: 1, bytes: 1, spanMs: 1 })
    assert.equal(cutter.complete([record(0)]), 1)
  })

  for (const [limits, message] of [
    [{ offsets: 0 }, /offsets must be a whole number from 1 to 5000/],
    [{ offsets: 5_001 }, /offsets must be/],
    [{ offsets: 10, bytes: 0 }, /bytes must be a whole number from 1 to 67108864/],
    [{ offsets: 10, bytes: 64 * 1024 * 1024 + 1 }, /bytes must be/],
    [{ offsets: 10, spanMs: 0.5 }, /spanMs must be/],
  ] as const)
    test(`when they are ${JSON.stringify(limits)}, then they are refused`, () => {
      assert.throws(() => cutterOf(limits), { name: 'RangeError', message })
    })
})

test('given a sink that accepts no event types, then a segment may have more offsets', () => {
  assert.doesNotThrow(() => cutterOf({ offsets: 50_000 }, []))
  assert.throws(() => cutterOf({ offsets: 50_001 }, []), /offsets must be a whole number from 1 to 50000/)
})

describe('given a span, when a record comes after the applied offset', () => {
  const cutter = cutterOf({ offsets: 1_000, spanMs: SPAN_MS })
  const clock = { nowMs: 0, lastAppendMs: 0, highestAppendMs: 0 }

  test('then it may end the segment if exactly the span has passed', () => {
    assert.equal(cutter.mayEnd(4, clock, [record(5, SPAN_MS)]), true)
    assert.equal(cutter.mayEnd(4, clock, [record(5, SPAN_MS - 1)]), false)
  })

  test('then the segment ends before it if exactly the span has passed since the first record', () => {
    assert.equal(cutter.complete([record(4), record(5, SPAN_MS)]), 1)
    assert.equal(cutter.complete([record(4), record(5, SPAN_MS - 1)]), undefined)
  })
})

test('given a limit of bytes, then a segment may have exactly as many, and not one more', () => {
  const records = [record(0), record(1), record(2)]
  const bytes = records.slice(0, 2).reduce((sum, one) => sum + sizeOf(one), 0)
  assert.equal(cutterOf({ offsets: 1_000, bytes }).complete(records), 2)
  assert.equal(cutterOf({ offsets: 1_000, bytes: bytes - 1 }).complete(records), 1)
})
