import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { fingerprint } from '../../../pipeline/model/fingerprint.ts'
import { environmentReading } from '../../support/records.ts'

const computeDigest = (data: unknown) => fingerprint(environmentReading('r-1', { data }))?.digest

/** The same value, the members of its objects in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)])
  return Object.fromEntries(members.reverse())
}

/** Without the members that say nothing, because they are empty. */
function told(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(told)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, told(member)] as const)
  return Object.fromEntries(members.filter(([, member]) => !['[]', '{}'].includes(JSON.stringify(member))))
}

/** Returns JSON as it is read from a record. */
const json = () => fc.json().map(text => JSON.parse(text) as unknown)

describe('what is remembered of an event', () => {
  it('given the same data with its members in another order, then the digest is the same', () => {
    fc.assert(fc.property(json(), data => assert.equal(computeDigest(turned(data)), computeDigest(data))))
  })

  it('given other data, then the digest is another', () => {
    fc.assert(
      fc.property(json(), json(), (a, b) => {
        const [first, second] = [told(a), told(b)]
        // JSON writes them as one number.
        if (JSON.stringify(first) === JSON.stringify(second) || isDeepStrictEqual(first, second)) return
        assert.notEqual(computeDigest(a), computeDigest(b))
      }),
    )
  })

  const same: [what: string, a: unknown, b: unknown][] = [
    ['an empty map, and none', { sensorId: 'a', tags: {} }, { sensorId: 'a' }],
    ['an empty list, and none', { list: [], map: { inner: [] } }, {}],
  ]
  for (const [what, a, b] of same)
    it(`given ${what}, which Protobuf cannot distinguish, then the digests are the same`, () =>
      assert.equal(computeDigest(a), computeDigest(b)))

  const timed = (time: string) => fingerprint(environmentReading('r-1', { time }))?.digest
  const INSTANTS = [
    [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:00.0+00:00',
      '2026-01-01T05:30:00+05:30',
    ],
    ['2026-01-01T00:00:00.5Z', '2025-12-31t23:00:00.500000-01:00', '2026-01-01T00:00:00.500z'],
    ['2026-01-01T00:00:00.0541Z', '2026-01-01T00:00:00.054100+00:00'],
    ['2026-01-01T00:00:00.054Z', '2026-01-01T01:00:00.054000000+01:00'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
  ]
  for (const [first = '', ...others] of INSTANTS)
    it(`given ${first}, written otherwise, then the digest is the same`, () => {
      for (const other of others) assert.equal(timed(other), timed(first), other)
    })

  it('given other instants, however close, then the digest is another', () => {
    const digests = INSTANTS.map(([first = '']) => timed(first))
    assert.equal(new Set(digests).size, INSTANTS.length)
  })

  const pairs: [what: string, a: unknown, b: unknown][] = [
    ['no data, and null', undefined, null],
    ['a number, and its text', 1, '1'],
    ['null, and its text', null, 'null'],
    ['bytes, and their base64', Buffer.from('a'), 'YQ=='],
    ['a list, and one in another order', [1, 2], [2, 1]],
    ['a list, and one of other parts', [12, 3], [1, 23]],
    ['two texts, and one of both', ['a', 'b'], ['a1:b']],
    ['a list, and its text', [1], '[1,]'],
    ['an empty list, and an empty object', [], {}],
    ['lone surrogates', '\ud800', '\ud801'],
    ['such a half, and what stands for it in UTF-8', '\udfff', '\ufffd'],
    ['such a half, and its text in JSON', '\ud800', '"\\ud800"'],
    ['members with such names', { '\ud800': 1 }, { '\ud801': 1 }],
    ['nested, and side by side', { a: { b: 1 } }, { a: {}, b: 1 }],
  ]
  for (const [what, a, b] of pairs)
    it(`given ${what}, then the digests differ`, () => assert.notEqual(computeDigest(a), computeDigest(b)))

  it('given a member that is called __proto__, then it counts', () => {
    assert.notEqual(computeDigest(JSON.parse('{"__proto__":1}')), computeDigest({}))
  })

  const stored: [what: string, data: unknown, digest: string][] = [
    ['no data', undefined, '99e0745c996f3631'],
    ['an object', { b: [1, 'ä'], a: null }, 'f4e9d55ec4979ca3'],
    ['bytes', Buffer.from('a'), '2e00ae7452e2b1d7'],
  ]
  for (const [what, data, digest] of stored)
    it(`given ${what}, then the digest is the one that earlier versions of the code have stored`, () =>
      assert.equal(Buffer.from(computeDigest(data) ?? '', 'latin1').toString('hex'), digest))

  it('given ids and sources that read alike one after another, then the ids differ', () => {
    const [a, b] = [environmentReading('b', { source: '/a' }), environmentReading('', { source: '/ab' })].map(
      event => fingerprint(event)?.id,
    )
    assert.notEqual(a, b)
    assert.equal(a?.length, 12)
  })
})
