import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Rates } from '../../../../console/api/overview/rates.ts'

const T0 = 1_000_000

describe('how fast counters grow', () => {
  it('given a first look, then nothing is known', () => {
    assert.deepEqual(new Rates().next({ atMs: T0, counters: { in: 7 } }), { in: null })
  })

  it('given a pulse for each batch, then the rate is that of the last ten seconds', () => {
    const rates = new Rates()
    const counts = [0, 0, 100, 100, 200, 200]
    const told = counts.map((count, look) => rates.next({ atMs: T0 + look * 2_000, counters: { in: count } }))
    assert.deepEqual(told.at(-1), { in: 20 })
    assert.deepEqual(rates.next({ atMs: T0 + 12_000, counters: { in: 300 } }), { in: 30 })
  })

  it('given a counter that began anew, then its rate is unknown, never below zero', () => {
    const rates = new Rates()
    rates.next({ atMs: T0, counters: { applied: 500 } })
    assert.deepEqual(rates.next({ atMs: T0 + 2_000, counters: { applied: 3 } }), { applied: null })
  })

  it('given a server that was away, then the rate spans the gap once it answers again', () => {
    const rates = new Rates()
    rates.next({ atMs: T0, counters: { in: 0 } })
    assert.deepEqual(rates.next({ atMs: T0 + 2_000, counters: { in: null } }), { in: null })
    assert.deepEqual(rates.next({ atMs: T0 + 4_000, counters: { in: 40 } }), { in: 10 })
  })
})
