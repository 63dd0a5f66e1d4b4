import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rangeWithin } from '../../../../console/page/telemetry/chart-range.ts'

const at = (hour: number) => `2026-03-01T${hour}:00:00Z`
const SPAN = { fromMs: Date.parse(at(12)), toMs: Date.parse(at(18)) }

describe('the part of a span that charts show', () => {
  it('given two times, then the part between them, as far as it is within the span', () => {
    assert.deepEqual(rangeWithin(SPAN, at(13), at(14)), {
      fromMs: Date.parse(at(13)),
      toMs: Date.parse(at(14)),
    })
    assert.deepEqual(rangeWithin(SPAN, at(10), at(14)), { fromMs: SPAN.fromMs, toMs: Date.parse(at(14)) })
  })

  it('given times outside the span, in the wrong order, or none, then there is no part', () => {
    for (const [from, to] of [
      [at(10), at(11)],
      [at(14), at(13)],
      ['', ''],
    ] as const)
      assert.equal(rangeWithin(SPAN, from, to), undefined)
  })
})
