import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileAlternatives, compileFields, PatternError } from '../../config/filter-pattern.ts'
import { admits, filterData, readFilter } from '../../config/filters.ts'
import type { PolledMessage } from '../../invoke/event.ts'
import { makeIntake } from '../../poll/intake.ts'
import { PAIRS } from './filter-pairs.ts'
import { createMapping, messages } from './support.ts'

/** Whether a record with this value is delivered under these patterns. */
function delivered(patterns: unknown[], value: string | Buffer | null): boolean {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return admits(patterns.map(readFilter), filterData(bytes))
}

/** A pattern with this number of `$or`, one in another, and this number of alternatives in each. */
const nestAlternatives = (alternatives: number, levels: number): object =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `l${level}`,
      { $or: Array.from({ length: alternatives }, (_, at) => ({ a: [at] })) },
    ]),
  )

const json = { value: { kind: ['order'] } }
const text = { value: ['order'] }
const order = '{"kind":"order"}'

// Promise packages/msk-trigger/RULES.md#rule 37
// Promise packages/msk-trigger/RULES.md#rule 38
// Promise packages/msk-trigger/RULES.md#rule 40
describe('filters (rules 37 to 40)', () => {
  it('admit everything without filters, or with one without a pattern', () => {
    assert.equal(delivered([], 'x'), true)
    assert.equal(delivered([json, {}], 'x'), true)
  })

  it('do not skip a record that was too large to read: it must be discarded visibly', async () => {
    // A text that the filter would skip.
    const [message] = messages(0, 1, { value: Buffer.from('other'), oversizeBytes: 9e6 })
    const filters = [readFilter(text)]
    const intake = makeIntake(createMapping({ filters }))
    assert.deepEqual(await intake(0, [message as PolledMessage]), [{ fate: 'deliver', message }])
  })

  it('are not asked about an offset without a record, which is skipped with and without them', async () => {
    const gap = { ...messages(0, 1)[0], value: null, isGap: true } as PolledMessage
    for (const filters of [[], [readFilter({ value: [{ exists: false }] })]])
      assert.deepEqual(await makeIntake(createMapping({ filters }))(0, [gap]), [
        { fate: 'skip', message: gap },
      ])
  })

  it('are ORed', () => {
    assert.equal(delivered([{ value: { kind: ['a'] } }, json], order), true)
    assert.equal(delivered([{ value: { kind: ['a'] } }, { value: { kind: ['b'] } }], order), false)
  })

  const pairings: [title: string, value: string | Buffer | null, byJson: boolean, byText: boolean][] = [
    ['JSON that matches', order, true, true],
    ['JSON that does not match is skipped by the JSON pattern only', '{"kind":"other"}', false, true],
    ['JSON in a list', '[{"kind":"other"}]', false, true],
    ['a text that matches', 'order', true, true],
    ['a text that does not match is skipped by the text pattern only', 'other', true, false],
    ['a bare number is a text', '17', true, false],
    ['malformed JSON is delivered by a JSON pattern (rule 40)', '{"kind":"other"', true, false],
    ['an empty value is a text', '', true, false],
    ['bytes that are not UTF-8 are never filtered', Buffer.from([0xff, 0xfe]), true, true],
    ['a tombstone is never filtered', null, true, true],
  ]
  for (const [title, value, byJson, byText] of pairings) {
    it(title, () => {
      assert.equal(delivered([json], value), byJson)
      assert.equal(delivered([text], value), byText)
    })
  }

  it('compare numbers as doubles: an integer beyond 2^53 equals its neighbour', () => {
    const hasId = (wanted: number, sent: string) => delivered([{ value: { id: [wanted] } }], `{"id":${sent}}`)
    assert.equal(hasId(2 ** 53, '9007199254740993'), true)
    assert.equal(hasId(2 ** 53, '9007199254740991'), false)
    assert.equal(hasId(0.1, '0.10000000000000001'), true)
    assert.equal(hasId(0.1, '0.1000000000000001'), false)
  })

  it('test plain texts as they test fields', () => {
    const noErrors = { value: [{ 'anything-but': ['error'] }] }
    assert.equal(delivered([noErrors], 'error'), false)
    assert.equal(delivered([noErrors], 'fine'), true)
  })

  const refused: [pattern: unknown, message: RegExp][] = [
    ['value', /must be a map, not "value"/],
    [{ key: ['a'] }, /key cannot be filtered/],
    [{ value: 'a' }, /value must be a map of fields, not "a"/],
    [{ value: {} }, /value must name a field/],
    [{ value: { a: { b: [] } } }, /value\.a\.b must not be an empty list/],
    [{ value: { a: 'b' } }, /value\.a must be a map of fields/],
    [
      { value: { a: [{ wildcard: 'b*' }] } },
      /value\.a has the unknown test "wildcard"\. Lambda's filters support: exists, pre/,
    ],
    [{ value: { a: [{ toString: 'b' }] } }, /value\.a has the unknown test "toString"/],
    [{ value: { a: [{ prefix: 1 }] } }, /value\.a\.prefix must be a string, not 1/],
    [{ value: { a: [{ prefix: 'b', suffix: 'c' }] } }, /value\.a must contain values or tests/],
    [{ value: { a: [{ exists: 'yes' }] } }, /value\.a\.exists must be true or false/],
    [{ value: { a: [{ numeric: ['>', '1'] }] } }, /value\.a\.numeric must be like/],
    [{ value: { a: [{ 'anything-but': [null] }] } }, /anything-but must be a string, a number or a list/],
    [{ value: { $or: [{ a: [1] }] } }, /value\.\$or must be a list of at least two filters/],
    [
      { value: { a: { b: [1] }, $or: [{ c: [1] }, { a: { b: [2] } }] } },
      /value\.\$or\[1\] tests a\.b, which is also tested beside \$or/,
    ],
    [
      { value: { $or: [{ a: { prefix: ['b'] } }, { c: [1] }] } },
      /value\.\$or\[0\]\.a\.prefix has the name of a test/,
    ],
    [{ value: nestAlternatives(10, 4) }, /its \$or have more than 1000 combinations/],
    [
      { value: { a: [{ numeric: ['>', 5_000_000_000.1] }] } },
      /compare numbers from -5e9 to 5e9 .*, not 5000000000\.1$/,
    ],
    [{ value: { a: [{ numeric: ['<', -5_000_000_001] }] } }, /value\.a\.numeric must compare numbers/],
    [{ value: { a: [{ numeric: ['>', 0, '<', 1e12] }] } }, /numeric must compare .*, not 1000000000000$/],
    [{ value: { a: [{ numeric: ['=', 0.123_456_7] }] } }, /with up to 6 decimals, not 0\.1234567/],
    [{ value: { a: [{ numeric: ['>', Number.NaN] }] } }, /numeric must compare numbers/],
    [{ value: { a: [{ numeric: ['>', 5, '<', 5] }] } }, /must have a lower bound below its upper bound/],
    [{ value: { a: [{ numeric: ['>=', 6, '<=', 5] }] } }, /must have a lower bound below its upper bound/],
    [{ value: { a: [{ numeric: ['<', 5, '>', 1] }] } }, /numeric must be like/],
    [{ value: { a: [{ numeric: ['>', 1, '<', 5, '<', 6] }] } }, /numeric must be like/],
    [{ value: { a: [{ numeric: [] }] } }, /numeric must be like/],
    [{ value: { a: [{ 'anything-but': [1, 'b'] }] } }, /a list of only strings or only numbers/],
    [{ value: { a: [{ 'anything-but': true }] } }, /a list of only strings or only numbers/],
    [{ value: { a: [{ 'anything-but': 6e9 }] } }, /anything-but must compare numbers/],
    [{ value: { a: [{ 'anything-but': { prefix: 'b' } }] } }, /anything-but must be a string/],
    [{ value: { a: [{ prefix: { 'equals-ignore-case': 'b' } }] } }, /prefix must be a string/],
    [{ value: { a: [[1]] } }, /value\.a must contain values or tests/],
    [{ value: { a: [Number.POSITIVE_INFINITY] } }, /numbers that JSON can represent, not Infinity/],
    [{ value: ['a'.repeat(4096)] }, /longer than 4096 characters/],
  ]
  for (const [pattern, message] of refused) {
    it(`reject ${JSON.stringify(pattern).slice(0, 80)}`, () =>
      assert.throws(
        () => readFilter(pattern),
        error => error instanceof PatternError && message.test(error.message),
      ))
  }
})

describe('patterns at the bounds of Lambda', () => {
  const accepted: unknown[] = [
    { value: { a: [{ numeric: ['>=', -5e9, '<=', 5e9] }, 1e12, { 'anything-but': [5e9, 0.123_456] }] } },
    { value: nestAlternatives(10, 3) },
    { value: ['a'.repeat(4_082)] },
  ]
  for (const pattern of accepted)
    it(`accept ${JSON.stringify(pattern).slice(0, 80)}`, () => assert.ok(readFilter(pattern)))
})

describe('the pattern language', () => {
  const table: [test: unknown, matches: unknown[], not: unknown[]][] = [
    ['a', ['a', ['b', 'a']], ['A', 'b', null, undefined, {}, []]],
    ['', [''], ['a', null]],
    [1, [1, 1.0], ['1', 2]],
    [true, [true], ['true', false]],
    [null, [null, [null]], ['', 0, undefined]],
    [{ prefix: 'ab' }, ['ab', 'abc'], ['cab', 'AB', 1]],
    [{ suffix: 'ab' }, ['ab', 'cab'], ['abc']],
    [{ 'equals-ignore-case': 'aB' }, ['Ab'], ['abc', 1]],
    [{ exists: true }, ['a', 0, null, false], [undefined, {}, []]],
    [{ exists: false }, [undefined, {}, []], ['a', null]],
    [{ 'anything-but': 'a' }, ['b', 1, null, ['a', 'b']], ['a', undefined, ['a']]],
    [{ 'anything-but': ['a', 'b'] }, ['c'], ['a', 'b']],
    [{ 'anything-but': [1, 2] }, [3, '1'], [1, 2]],
    [{ numeric: ['=', 5] }, [5, 5.0], [4, '5']],
    [{ numeric: ['>', 5] }, [5.1], [5]],
    [{ numeric: ['<=', -1] }, [-1, -2], [0]],
    [{ numeric: ['>', 0, '<=', 5] }, [0.1, 5], [0, 5.1, null]],
  ]
  for (const [test, matches, not] of table) {
    it(JSON.stringify(test), () => {
      const holds = compileAlternatives([test], 'value')
      for (const value of matches) assert.equal(holds(value), true, `matches ${JSON.stringify(value)}`)
      for (const value of not) assert.equal(holds(value), false, `does not match ${JSON.stringify(value)}`)
    })
  }

  const fields = (pattern: unknown, data: unknown) => compileFields(pattern, 'value')(data)

  it('ANDs fields and looks into maps', () => {
    const pattern = { a: { b: [1] }, c: ['x'] }
    assert.equal(fields(pattern, { a: { b: 1, d: 2 }, c: 'x', e: 3 }), true)
    assert.equal(fields(pattern, { a: { b: 1 }, c: 'y' }), false)
    assert.equal(fields(pattern, { a: 1, c: 'x' }), false)
  })

  it('ORs whole fields', () => {
    const pattern = { $or: [{ a: [1] }, { b: [2] }], c: [3] }
    assert.equal(fields(pattern, { b: 2, c: 3 }), true)
    assert.equal(fields(pattern, { a: 1, c: 4 }), false)
    assert.equal(fields(pattern, { c: 3 }), false)
  })

  it('looks for the fields of one element in the same element', () => {
    const pattern = { items: { name: ['a'], count: [1] } }
    assert.equal(fields(pattern, { items: [{ name: 'b' }, { name: 'a', count: 1 }] }), true)
    const apart = [
      { name: 'a', count: 2 },
      { name: 'b', count: 1 },
    ]
    assert.equal(fields(pattern, { items: apart }), false)
  })

  it('finds that a field is absent if its parent is', () => {
    assert.equal(fields({ a: { b: [{ exists: false }] } }, {}), true)
    assert.equal(fields({ a: { b: [{ exists: false }] } }, { a: { b: 1 } }), false)
    assert.equal(fields({ a: { b: [{ exists: false }] } }, { a: [] }), true)
  })

  it("matches as EventBridge's own matcher, also in lists of lists", () => {
    let pairs = 0
    for (const { data, patterns } of PAIRS)
      for (const [pattern, outcomes] of patterns) {
        const actual = data.map(document => (fields(pattern, document) ? 'x' : '-')).join('')
        assert.equal(actual, outcomes, JSON.stringify(pattern))
        pairs += data.length
      }
    assert.equal(pairs, 244)
  })

  it('reads the fields of all elements once, not once for each element', () => {
    let reads = 0
    const element = Object.defineProperty({ c: 1 }, 'b', { enumerable: true, get: () => void reads++ })
    fields({ a: { b: [{ exists: false }], c: [2] } }, { a: Array.from({ length: 100 }, () => element) })
    assert.ok(reads <= 200, `${reads} reads`)
  })

  it('ignores properties that every object inherits', () => {
    assert.equal(fields({ constructor: [{ exists: true }] }, {}), false)
    assert.equal(fields({ toString: { name: ['toString'] } }, {}), false)
  })
})

describe('for any data', () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const name = fc.string({ minLength: 1 }).filter(key => key !== '$or' && key !== '__proto__')
  const tree = fc.letrec(tie => ({
    node: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, scalar, tie('node')), {
      minKeys: 1,
      maxKeys: 4,
    }),
  })).node
  const getPattern = (data: unknown): unknown =>
    data !== null && typeof data === 'object'
      ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, getPattern(value)]))
      : [data]

  it('its own values as a pattern match it, and so do some of them', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (data, at) => {
        const pattern = Object.entries(getPattern(data) as object)
        assert.equal(compileFields(Object.fromEntries(pattern), 'value')(data), true)
        const one = [pattern[at % pattern.length] as [string, unknown]]
        assert.equal(compileFields(Object.fromEntries(one), 'value')(data), true)
      }),
    )
  })

  it('a value matches as one of any alternatives', () => {
    fc.assert(
      fc.property(scalar, fc.array(scalar), fc.nat(), (value, others, at) => {
        const alternatives = others.toSpliced(at % (others.length + 1), 0, value)
        assert.equal(compileAlternatives(alternatives, 'value')(value), true)
      }),
    )
  })

  it('anything-but is the opposite of equality for an existing text or number', () => {
    const plain = fc.oneof(fc.string(), fc.integer())
    const list = fc.oneof(fc.array(fc.string(), { minLength: 1 }), fc.array(fc.integer(), { minLength: 1 }))
    fc.assert(
      fc.property(plain, list, (value, list) => {
        const isOne = compileAlternatives(list, 'value')(value)
        assert.equal(compileAlternatives([{ 'anything-but': list }], 'value')(value), !isOne)
      }),
    )
  })

  it('exists: true and exists: false are opposites', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map(text => JSON.parse(text)),
          fc.constant(undefined),
        ),
        data => {
          const exists = compileAlternatives([{ exists: true }], 'value')(data)
          assert.equal(compileAlternatives([{ exists: false }], 'value')(data), !exists)
        },
      ),
    )
  })
})
