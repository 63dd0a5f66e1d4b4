import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerText, csvLine } from '../../../../cli/sql/text.ts'
import { ran } from '../../cli/terminal.ts'

const COLUMNS = [
  { name: 'alert_type', type: 'VARCHAR', isNumber: false },
  { name: 'count', type: 'BIGINT', isNumber: true },
]

describe('an answer as text', () => {
  it('given rows, then numbers stand right, NULL is named, and the rows are counted', () => {
    const rows = [
      ['HIGH_TEMP', 12],
      [null, 3],
    ]
    const text = answerText({ columns: COLUMNS, rows })
    assert.equal(text, 'alert_type  count\nHIGH_TEMP      12\nNULL            3\n(2 rows)\n')
  })

  it('given no row, then the columns are there', () => {
    assert.equal(answerText({ columns: COLUMNS, rows: [] }), 'alert_type  count\n(0 rows)\n')
  })

  it('given values of a narrow terminal, or that would control it, then they are cut and written out', () => {
    const text = answerText({ columns: COLUMNS, rows: [['a\u001b[31m'.padEnd(40, 'x'), 1]] }, 30)
    assert.match(text, /^a\\u001b\[31mx+…/m)
    assert.ok(text.split('\n').every(line => line.length <= 30))
  })
})

describe('an answer as CSV', () => {
  it('given quotes, commas, line ends, empty text and NULL, then a reader can distinguish them', () => {
    assert.equal(
      csvLine(['a,b', 'say "x"', 'one\ntwo', '', null, 1.5, true]),
      '"a,b","say ""x""","one\ntwo","",,1.5,true\r\n',
    )
    assert.equal(csvLine([{ site: 'vienna' }]), '"{""site"":""vienna""}"\r\n')
  })
})

describe('sluice sql', () => {
  for (const [args, message] of [
    [[], /^Specify either statements, or --file/],
    [['SELECT 1', '--file', 'x.sql'], /^Specify either statements, or --file/],
    [['SELECT 1', '--format', 'xml'], /option '--format <format>': "xml" is invalid/],
    [['SELECT 1', '--since', 'yesterday'], /option '--since <time>': "yesterday" is invalid/],
  ] as const)
    it(`given wrong usage (${args.join(' ') || 'nothing'}), then it says what is wrong`, async () => {
      const { status, stderr } = await ran(['sql', ...args])
      assert.equal(status, 2, stderr)
      assert.match(stderr, message)
    })

  it('given a file that is not there, then it is named', async () => {
    const { status, stderr } = await ran(['sql', '--file', 'none.sql'])
    assert.deepEqual([status, stderr], [1, 'none.sql: there is no such file or folder\n'])
  })
})
