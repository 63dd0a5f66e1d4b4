import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatList, formatTable, type PrintedColumn } from '../../../cli/output/table.ts'
import {
  escapeText,
  escapeTextLines,
  measureWidth,
  shortenEnd,
  shortenStart,
} from '../../../cli/output/text-width.ts'
import { errorLine } from '../../../lib/support/escape-text.ts'

const COLUMNS: readonly PrintedColumn[] = [
  { heading: 'NAME', least: 6 },
  { heading: 'COUNT', align: 'right' },
  { heading: 'NOTE', leaveOut: 1 },
]
const ROWS = [
  ['a rather long name', '12', 'first'],
  ['b', '345', 'second'],
]

describe('a table', () => {
  test('without a limit shows everything, numbers to the right', () => {
    assert.equal(
      formatTable(COLUMNS, ROWS),
      'NAME                COUNT  NOTE\na rather long name     12  first\nb                     345  second',
    )
  })

  test('with a very long cell cuts it, wherever it is, so that it does not pad the other rows', () => {
    const long = 'x'.repeat(4_050)
    const lines = formatTable(
      [{ heading: 'ID' }, { heading: 'NOTE' }],
      [
        [long, 'first'],
        ['b', long],
      ],
    ).split('\n')
    assert.deepEqual(lines, [
      `${'ID'.padEnd(200)}  NOTE`,
      `${'x'.repeat(199)}…  first`,
      `${'b'.padEnd(200)}  ${'x'.repeat(199)}…`,
    ])
  })

  test('that is a little too wide is narrowed where that is allowed', () => {
    assert.equal(
      formatTable(COLUMNS, ROWS, 24),
      'NAME       COUNT  NOTE\na rather…     12  first\nb            345  second',
    )
  })

  test('that is much too wide leaves columns out, and says which', () => {
    const [heading, first, , note] = formatTable(COLUMNS, ROWS, 14).split('\n')
    assert.equal(heading, 'NAME     COUNT')
    assert.equal(first, 'a rath…     12')
    assert.match(note ?? '', /^\(too narrow /)
  })

  test('that cannot be narrow enough becomes a block for each row', () => {
    assert.equal(
      formatTable(COLUMNS, ROWS, 11),
      ['NAME   a r…', 'COUNT  12', 'NOTE   fir…', '', 'NAME   b', 'COUNT  345', 'NOTE   sec…'].join('\n'),
    )
  })

  test('escapes control characters in its cells, whatever they come from', () => {
    const table = formatTable([{ heading: 'ID' }, { heading: 'NOTE' }], [['a\u001b[2J', 'b\n\u202ec']])
    assert.equal(table, 'ID          NOTE\na\\u001b[2J  b\\n\\u202ec')
    assert.deepEqual(formatList([['a\u009b', 'b\n']]), ['a\\u009b  b\\n'])
  })

  test('of wide characters stays in line', () => {
    const lines = formatTable(COLUMNS, [
      ['温度計', '1', 'x'],
      ['sensor', '2', 'x'],
    ]).split('\n')
    assert.deepEqual(lines.slice(1).map(measureWidth), [16, 16])
  })

  test('has no line that is wider than the terminal, whatever is in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 40 }).map(escapeText)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }),
        fc.integer({ min: 1, max: 120 }),
        (rows, width) => {
          for (const line of formatTable(COLUMNS, rows, width).split('\n'))
            assert.ok(measureWidth(line) <= width, line)
        },
      ),
    )
  })
})

describe('text that is too wide', () => {
  test('is cut off at the end, or at its start', () => {
    assert.equal(shortenEnd('abcdef', 4), 'abc…')
    assert.equal(shortenStart('abcdef', 4), '…def')
    assert.equal(shortenEnd('abcd', 4), 'abcd')
    assert.equal(shortenEnd('abcd'), 'abcd')
  })

  test('is never cut inside a character', () => {
    assert.equal(shortenEnd('👩‍🔧👩‍🔧👩‍🔧', 5), '👩‍🔧👩‍🔧…')
    assert.equal(shortenEnd('温度計', 4), '温…')
  })
})

describe('text from outside', () => {
  test('cannot control the terminal', () => {
    assert.equal(escapeText('a\u001b[31mred\u0007\n\u202eb'), 'a\\u001b[31mred\\u0007\\n\\u202eb')
    assert.equal(escapeTextLines('a\r\n\tb\u009b1m'), 'a\n\tb\\u009b1m')
  })

  test('of an error is one line, with its stack', () => {
    assert.match(errorLine(new Error('a\nb')), /^Error: a\\nb\\n {4}at [^\n]+\n$/)
    assert.equal(errorLine(undefined), 'undefined\n')
  })

  test('is left as it is where it is harmless', () => {
    assert.equal(escapeText('21 °C in 温度 👩‍🔧'), '21 °C in 温度 👩‍🔧')
  })
})
