import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { joined, NO_PAST, pastOf, withLook } from '../../../../console/page/overview/past.ts'

const looks = (atMs: readonly number[]) =>
  atMs.reduce((past, at) => withLook(past, { atMs: at, values: { in: at } }), NO_PAST)

describe('the recent past of the figures, as the page keeps it', () => {
  it('given looks, when one comes twice or late, then it changes nothing', () => {
    const past = looks([2_000, 4_000])
    assert.equal(withLook(past, { atMs: 4_000, values: { in: 9 } }), past)
    assert.equal(withLook(past, { atMs: 3_000, values: { in: 9 } }), past)
  })

  it('given a figure that appears later, then it is unknown before', () => {
    const past = withLook(looks([2_000]), { atMs: 4_000, values: { lag: 1 } })
    assert.deepEqual(past.values, { in: [2_000, null], lag: [null, 1] })
  })

  it('given a long time without a look, then there is a gap', () => {
    assert.deepEqual(pastOf(looks([2_000, 60_000]), 'in'), [2_000, null, 60_000])
  })

  it('given looks all day, then only the last 150 are kept', () => {
    const past = looks(Array.from({ length: 1_000 }, (_, at) => (at + 1) * 2_000))
    assert.equal(past.atMs.length, 150)
    assert.equal(pastOf(past, 'in').length, 150)
    assert.equal(pastOf(past, 'in').at(-1), 2_000_000)
  })

  it('given what the server has kept, then it comes before what the page has seen, each look once', () => {
    const past = joined(looks([2_000, 4_000, 6_000]), looks([6_000, 8_000]))
    assert.deepEqual(past.atMs, [2_000, 4_000, 6_000, 8_000])
    assert.deepEqual(pastOf(past, 'in'), [2_000, 4_000, 6_000, 8_000])
  })
})
