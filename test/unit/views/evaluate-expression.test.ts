import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ExpressionValue, evaluator } from '../../../lib/views/evaluate-expression.ts'
import { compilePlan } from '../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import type { Expression } from '../../../lib/views/plan.ts'
import { FAMILIES } from '../../support/families.ts'

const STREAM = `CREATE STREAM r (k VARCHAR, n BIGINT, m BIGINT, x DOUBLE, t VARCHAR, b BOOLEAN, at TIMESTAMP)
  WITH (KAFKA_TOPIC = 'readings');`

function compileText(sql: string): Expression {
  const text = `${STREAM} CREATE TABLE a AS SELECT k, LATEST_BY_OFFSET(${sql}) AS v FROM r GROUP BY k;`
  const argument = compilePlan(FAMILIES, [{ name: 'a.sql', text }], parse).tables[0]?.aggregates[0]?.argument
  assert.ok(argument)
  return argument
}

function evaluateText(sql: string, data: object = {}, event: object = {}): ExpressionValue {
  return evaluator(compileText(sql))({ event: { ...event, data } })
}

describe('an expression', () => {
  const cases: [string, object, ExpressionValue][] = [
    ['7 / 2', {}, 3],
    ['-7 / 2', {}, -3],
    ['7 / 2.0', {}, 3.5],
    ['n / 0', { n: 1 }, null],
    ['1 + 2 * 3 - -1', {}, 8],
    ["'it''s' || t", { t: '!' }, "it's!"],
    ["t || 'a'", {}, null],
    ["CONCAT(t, 'a')", {}, 'a'],
    ["t LIKE '%b_d%'", { t: 'aabcde' }, true],
    ["t LIKE 'a%a'", { t: 'a' }, false],
    ["t LIKE '%%ab'", { t: 'aab' }, true],
    ["t LIKE '50!%' ESCAPE '!'", { t: '50%' }, true],
    ["t LIKE '50!%' ESCAPE '!'", { t: '500' }, false],
    ["t LIKE '%!_!!%' ESCAPE '!'", { t: 'a_!b' }, true],
    ["t NOT LIKE 'a%%' ESCAPE '%'", { t: 'a%' }, false],
    ['n IS DISTINCT FROM m', { n: 1 }, true],
    ['n IS DISTINCT FROM m', {}, false],
    ["t IS NOT DISTINCT FROM 'a'", { t: 'a' }, true],
    ['n IN (1, NULL)', { n: 2 }, null],
    ['n NOT IN (1, 3)', { n: 2 }, true],
    ['n NOT BETWEEN 1 AND 3', { n: 2 }, false],
    ['n IS NULL OR 1 / 0 > 2', {}, true],
    ["CASE n WHEN 1 THEN 'one' END", { n: 2 }, null],
    ["CASE WHEN n > 1 THEN 'many' ELSE 'one' END", { n: 2 }, 'many'],
    ['SUBSTRING(t, 2, 2)', { t: 'abcd' }, 'bc'],
    ['SUBSTRING(t, -2)', { t: 'abcd' }, 'cd'],
    ['LEN(TRIM(UCASE(t)))', { t: ' ab ' }, 2],
    ['ROUND(x, 1)', { x: 1.25 }, 1.3],
    ['ROUND(x)', { x: -1.5 }, -1],
    ['ROUND(x)', { x: 1e300 }, null],
    ['ROUND(x, 2)', { x: 1.005 }, 1.01],
    ['ROUND(x, 2)', { x: -1.005 }, -1],
    ['ROUND(x, 2)', { x: -1.0051 }, -1.01],
    ['ROUND(x, 10)', { x: 1e300 }, 1e300],
    ['ROUND(x, 400)', { x: 5e-324 }, 5e-324],
    ['ROUND(x, 2)', { x: 5e-324 }, 0],
    ['ROUND(x, -2)', { x: 1250 }, 1300],
    ['ROUND(x, -2)', { x: 50 }, 100],
    ['ROUND(x, -3)', { x: 50 }, 0],
    ['ROUND(x, -308)', { x: 1.7976931348623157e308 }, null],
    ['ROUND(x, n)', { x: 4503599627370.5, n: 9007199254740991 }, 4503599627370.5],
    ['ROUND(x, n)', { x: 4503599627370.5, n: -9007199254740991 }, 0],
    ['ROUND(x, n)', { x: 1 }, null],
    ['FLOOR(x) + CEIL(x) + ABS(x) + SQRT(4)', { x: -1.5 }, -2 - 1 + 1.5 + 2],
    ['COALESCE(n, m, 3)', { m: 2 }, 2],
    ['NULLIF(n, 1)', { n: 1 }, null],
    ['IFNULL(n, 1)', {}, 1],
    ['CAST(t AS DOUBLE)', { t: '1.5e1' }, 15],
    ['CAST(t AS BIGINT)', { t: '-2.9' }, -2],
    ['CAST(t AS BIGINT)', { t: '' }, null],
    ["CAST(t || ' ' AS DOUBLE)", { t: ' +1.' }, 1],
    ['CAST(t AS BOOLEAN)', { t: 'True' }, true],
    ['CAST(n AS VARCHAR)', { n: 5 }, '5'],
    ["at > '2026-01-01T00:00:00Z'", { at: '2026-01-01T01:00:00+00:30' }, true],
    ["at = '2026-06-30T23:59:60Z'", { at: Date.UTC(2026, 6, 1) }, true],
    ['at', { at: '2026-06-30t23:59:60.5z' }, Date.UTC(2026, 6, 1, 0, 0, 0, 500)],
    ...['2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01', '2026-01-01T08:00:00'].map(
      (at): [string, object, ExpressionValue] => ['at', { at }, null],
    ),
    ['n', { n: 1.5 }, null],
    ['n', { n: '1' }, null],
    ['x', { x: '1' }, null],
    ['t', { t: 17 }, '17'],
    ['t', { t: -0.5 }, '-0.5'],
    ['t', { t: false }, 'false'],
    ['t', { t: { l: 10, w: ['a'] } }, '{"l":10,"w":["a"]}'],
    ['t', { t: [10, 'a', null, [true], { b: 1 }] }, '[10, a, null, [true], {"b":1}]'],
    ['t', { t: null }, null],
    ['at', { at: 'yesterday' }, null],
    ['at', { at: 9e15 }, null],
  ]
  for (const [sql, data, expected] of cases)
    it(`given ${sql} of ${JSON.stringify(data)}, then it is ${expected}`, () => {
      assert.equal(evaluateText(sql, data), expected)
    })

  it('given attributes of an event, then they are columns', () => {
    const event = { timeMs: 5, source: '/a', subject: 's', type: 'io.a.v1' }
    assert.equal(evaluateText('CAST(ROWTIME AS BIGINT) + LEN(SOURCE || SUBJECT || TYPE)', {}, event), 15)
    assert.equal(evaluateText('SUBJECT', {}, {}), null)
    assert.equal(
      evaluator({ kind: 'field', path: ['data', 'constructor'], type: 'VARCHAR' })({ event: { data: 'x' } }),
      null,
    )
  })

  it('given values of a group, then they are read by index', () => {
    const from = { group: ['a'], aggregates: [1, [2, 3]], window: { startMs: 4, endMs: 5 } }
    assert.equal(evaluator({ kind: 'group', index: 0 })(from), 'a')
    assert.deepEqual(evaluator({ kind: 'aggregate', index: 1 })(from), [2, 3])
    assert.equal(evaluator({ kind: 'window', bound: 'end' })(from), 5)
    assert.equal(evaluator({ kind: 'window', bound: 'end' })({}), null)
  })

  it('given a text of more than 1,000 characters, then it is no number and no pattern', () => {
    const [longest, longer] = ['1'.padStart(1_000, '0'), '1'.padStart(1_001, '0')]
    assert.deepEqual(
      [longest, longer].map(t => evaluateText('CAST(t AS BIGINT)', { t })),
      [1, null],
    )
    assert.deepEqual(
      [longest, longer].map(t => evaluateText('t LIKE t', { t })),
      [true, null],
    )
  })

  it('given a long text and a hostile pattern, then LIKE ends soon', () => {
    assert.equal(evaluateText(`t LIKE '${'%a'.repeat(50)}b'`, { t: 'a'.repeat(5_000) }), false)
    const evaluateLike = (length: number) =>
      evaluateText(`t LIKE '%${'a'.repeat(98)}b'`, { t: 'a'.repeat(length) })
    assert.deepEqual([100_000, 100_001].map(evaluateLike), [false, null])
  })
})

/** An expression as SQL with the level of its operator, and its value by a simple reference. */
interface Printed {
  readonly sql: string
  readonly level: number
  value(row: Row): ExpressionValue
}

interface Row {
  readonly n: number | null
  readonly m: number | null
  readonly b: boolean | null
}

const [OR, AND, NOT, COMPARISON, SUM, PRODUCT, PRIMARY] = [1, 2, 3, 4, 5, 6, 8]

/** Prints an operand in parentheses only where its operator binds less tightly. */
function at(level: number, { sql, level: own }: Printed): string {
  return own < level ? `(${sql})` : sql
}

function binary(
  name: string,
  level: number,
  of: (a: ExpressionValue, b: ExpressionValue) => ExpressionValue,
  isChained = true,
) {
  return ([left, right]: [Printed, Printed]): Printed => ({
    sql: `${at(isChained ? level : level + 1, left)} ${name} ${at(level + 1, right)}`,
    level,
    value: row => of(left.value(row), right.value(row)),
  })
}

const strict = (of: (a: number, b: number) => ExpressionValue) => (a: ExpressionValue, b: ExpressionValue) =>
  a === null || b === null ? null : of(Number(a), Number(b))
const whole = (value: number) => (Number.isFinite(value) ? value + 0 : null)
const and = (a: ExpressionValue, b: ExpressionValue) =>
  a === false || b === false ? false : a === null || b === null ? null : true
const not = (a: ExpressionValue) => (a === null ? null : !a)

const { condition, number } = fc.letrec<{ condition: Printed; number: Printed }>(tie => {
  const column = (name: keyof Row) =>
    fc.constant<Printed>({ sql: name, level: PRIMARY, value: row => row[name] })
  const numbers = fc.tuple(tie('number'), tie('number'))
  const conditions = fc.tuple(tie('condition'), tie('condition'))
  return {
    number: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column('n'),
      column('m'),
      fc.nat(9).map((value): Printed => ({ sql: String(value), level: PRIMARY, value: () => value })),
      numbers.map(
        binary(
          '+',
          SUM,
          strict((a, b) => a + b),
        ),
      ),
      numbers.map(
        binary(
          '-',
          SUM,
          strict((a, b) => a - b),
        ),
      ),
      numbers.map(
        binary(
          '*',
          PRODUCT,
          strict((a, b) => a * b),
        ),
      ),
      numbers.map(
        binary(
          '/',
          PRODUCT,
          strict((a, b) => whole(Math.trunc(a / b))),
        ),
      ),
      numbers.map(
        binary(
          '%',
          PRODUCT,
          strict((a, b) => whole(a % b)),
        ),
      ),
      fc.tuple(tie('condition'), tie('number'), tie('number')).map(
        ([when, then, other]): Printed => ({
          sql: `CASE WHEN ${when.sql} THEN ${then.sql} ELSE ${other.sql} END`,
          level: PRIMARY,
          value: row => (when.value(row) === true ? then : other).value(row),
        }),
      ),
    ),
    condition: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column('b'),
      numbers.map(
        binary(
          '<',
          COMPARISON,
          strict((a, b) => a < b),
          false,
        ),
      ),
      numbers.map(
        binary(
          '<>',
          COMPARISON,
          strict((a, b) => a !== b),
          false,
        ),
      ),
      conditions.map(binary('AND', AND, and)),
      conditions.map(binary('OR', OR, (a, b) => not(and(not(a), not(b))))),
      tie('condition').map(
        (of): Printed => ({ sql: `NOT ${at(NOT, of)}`, level: NOT, value: row => not(of.value(row)) }),
      ),
      tie('number').map(
        (of): Printed => ({
          sql: `${at(SUM, of)} IS NULL`,
          level: COMPARISON,
          value: row => of.value(row) === null,
        }),
      ),
      fc.tuple(tie('number'), tie('number'), tie('number')).map(
        ([of, low, high]): Printed => ({
          sql: `${at(SUM, of)} BETWEEN ${at(SUM, low)} AND ${at(SUM, high)}`,
          level: COMPARISON,
          value: row =>
            and(
              strict((a, b) => a >= b)(of.value(row), low.value(row)),
              strict((a, b) => a <= b)(of.value(row), high.value(row)),
            ),
        }),
      ),
    ),
  }
})

describe('a random expression', () => {
  // Promise config/views/README.md#expressions | An expression has the value that SQL gives it, with nulls.
  it('given rows with nulls, then its value is that of the reference', () => {
    const nullable = <Item>(of: fc.Arbitrary<Item>) => fc.option(of, { freq: 3 })
    const row = fc.record({
      n: nullable(fc.integer({ min: -9, max: 9 })),
      m: nullable(fc.nat(3)),
      b: nullable(fc.boolean()),
    })
    fc.assert(
      fc.property(
        fc.oneof(condition, number),
        fc.array(row, { minLength: 1, maxLength: 5 }),
        (printed, rows) => {
          const evaluate = evaluator(compileText(printed.sql))
          // Zeros of both signs are equal: JSON has one of them.
          for (const data of rows)
            assert.equal(JSON.stringify(evaluate({ event: { data } })), JSON.stringify(printed.value(data)))
        },
      ),
      { numRuns: 500 },
    )
  })
})
