import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  advance,
  computeSpan,
  computeSpanEnd,
  type LogClock,
  MAX_STEP_MS,
} from '../../../pipeline/model/log.ts'
import { logRecord } from '../../support/records.ts'

const START: LogClock = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

it('given a chunk anywhere in a log, then its span ends where its last record takes the clock', () => {
  const appends = fc.array(fc.integer({ min: 0, max: 5 * MAX_STEP_MS }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(appends, fc.nat(11), (times, before) => {
      const records = times.map((timestampMs, offset) => logRecord(offset, {}, { timestampMs }))
      const after = (some: typeof records, from: LogClock) =>
        some.reduce((clock, { timestampMs }) => advance(clock, timestampMs), from)
      const decided = Math.min(before, times.length - 1)
      const clock = after(records.slice(0, decided), START)
      const chunk = records.slice(decided)
      assert.equal(computeSpanEnd(computeSpan(chunk), clock), after(chunk, clock).nowMs)
    }),
  )
})
