import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatAnswer, formatCsvLine } from '../../../../cli/sql/text.ts'
import type { SqlValue } from '../../../../control/sql/plain-value.ts'
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
    const text = formatAnswer({ columns: COLUMNS, rows })
    assert.equal(text, 'alert_type  count\nHIGH_TEMP      12\nNULL            3\n(2 rows)\n')
  })

  it('given numbers with noise, then a table has the digits that they hold, and CSV has all', () => {
    const shown = (value: SqlValue, type = 'DOUBLE') => {
      const columns = [{ name: 'x', type, isNumber: true }]
      return formatAnswer({ columns, rows: [[value]] })
        .split('\n')[1]
        ?.trim()
    }
    const cases: readonly (readonly [SqlValue, string])[] = [
      [21.944444444440002, '21.94444444444'],
      [0.1 + 0.2, '0.3'],
      [-41.99999999999999, '-42'],
      [9007199254740991, '9007199254740991'],
      ['9007199254740993', '9007199254740993'],
      [5e-324, '5e-324'],
      [Number.MAX_VALUE, '1.7976931348623157e+308'],
      [[0.1 + 0.2, null, { mean: 1.1 + 2.2 }], '[0.3,null,{"mean":3.3}]'],
    ]
    for (const [value, expected] of cases) assert.equal(shown(value), expected)
    assert.equal(shown(Math.fround(21.94), 'FLOAT'), '21.94')
    assert.equal(shown(1234567890123.456, 'DECIMAL(18,3)'), '1234567890123.456')
    assert.equal(shown({ a: 0.1234567890123456 }, 'STRUCT("a" DECIMAL(18,16))'), '{"a":0.1234567890123456}')
    assert.equal(formatCsvLine([21.944444444440002]), '21.944444444440002\r\n')
  })

  it('given no row, then the columns are there', () => {
    assert.equal(formatAnswer({ columns: COLUMNS, rows: [] }), 'alert_type  count\n(0 rows)\n')
  })

  it('given values of a narrow terminal, or that would control it, then they are cut and written out', () => {
    const text = formatAnswer({ columns: COLUMNS, rows: [['a\u001b[31m'.padEnd(40, 'x'), 1]] }, 30)
    assert.match(text, /^a\\u001b\[31mx+…/m)
    assert.ok(text.split('\n').every(line => line.length <= 30))
  })
})

describe('an answer as CSV', () => {
  it('given quotes, commas, line ends, empty text and NULL, then a reader can distinguish them', () => {
    assert.equal(
      formatCsvLine(['a,b', 'say "x"', 'one\ntwo', '', null, 1.5, true]),
      '"a,b","say ""x""","one\ntwo","",,1.5,true\r\n',
    )
    assert.equal(formatCsvLine([{ site: 'vienna' }]), '"{""site"":""vienna""}"\r\n')
  })
})

describe('--formulas escape', () => {
  const [name, value] = [
    { name: 'sensor', type: 'VARCHAR', isNumber: false },
    { name: 'value', type: 'DOUBLE', isNumber: true },
  ]
  const format = (...cells: readonly SqlValue[]) => formatCsvLine(cells, 'escape', [name, value] as never)

  it('given texts that a spreadsheet would run, then each gets an apostrophe', () => {
    for (const text of ['=A1', '+31 20 555 0100', '-2+3', '-5', '@SUM(1+1)', '\t=1', '＝1'])
      assert.equal(format(text), `'${text}\r\n`)
    for (const end of ['\r', '\n']) assert.equal(format(`${end}=1`), `"'${end}=1"\r\n`)
    assert.equal(format('=HYPERLINK("x","y")'), '"\'=HYPERLINK(""x"",""y"")"\r\n')
    assert.equal(format('a=1', null), 'a=1,\r\n')
    assert.equal(formatCsvLine(['=1+1'], 'escape'), "'=1+1\r\n")
    assert.equal(formatCsvLine(['=1+1'], 'keep'), '=1+1\r\n')
  })

  it('given numbers, also those that are texts for their digits, then they stay', () => {
    for (const number of [-5.5, '-9007199254740993', '-12345678901234567.89', '-Infinity'])
      assert.equal(format(null, number), `,${number}\r\n`)
    assert.equal(format(null, '-2+3'), ",'-2+3\r\n")
  })

  it('given an answer, then its columns say what is a number; without CSV, the option is refused', async () => {
    const statement = `SELECT -5.5 AS x, '-5.5' AS "=y", -12345678901234567.89 AS z`
    const { stdout } = await ran(['sql', statement, '--format', 'csv', '--formulas', 'escape'], {
      environment,
    })
    assert.equal(stdout, "x,'=y,z\r\n-5.5,'-5.5,-12345678901234567.89\r\n")
    const refused = await ran(['sql', 'SELECT 1', '--formulas', 'escape'])
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /add --format csv/)
  })
})

const environment = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

describe('sluice sql', () => {
  for (const [args, message] of [
    [[], /missing required argument 'sql'/],
    [['SELECT 1', '--format', 'xml'], /option '--format <format>': "xml" is invalid/],
    [['SELECT 1', '--since', 'yesterday'], /option '--since <time>': "yesterday" is invalid/],
  ] as const)
    it(`given wrong usage (${args.join(' ') || 'nothing'}), then it says what is wrong`, async () => {
      const { status, stderr } = await ran(['sql', ...args])
      assert.equal(status, 2, stderr)
      assert.match(stderr, message)
    })

  it('given formats, then each prints the answers of all statements', async () => {
    const both = 'SELECT 1 AS one; SELECT 2 AS two'
    const printed = (...args: string[]) => ran(['sql', both, ...args], { environment })
    assert.equal((await printed()).stdout, 'one\n  1\n(1 row)\n\ntwo\n  2\n(1 row)\n')
    assert.equal((await printed('--format', 'csv')).stdout, 'one\r\n1\r\n\r\ntwo\r\n2\r\n')
    const { answers } = JSON.parse((await printed('--format', 'json')).stdout)
    assert.deepEqual(
      answers.map((answer: { rows: object[] }) => answer.rows),
      [[{ one: 1 }], [{ two: 2 }]],
    )
  })

  it('given no statement, then it says so', async () => {
    assert.match((await ran(['sql', '/* nothing */'], { environment })).stderr, /^There is no statement\./)
  })

  it('given a mistyped table, then it names the nearest one of ours, and lists them', async () => {
    const { status, stderr } = await ran(['sql', 'SELECT 1; SELECT * FROM readngs'], { environment })
    assert.match(
      stderr,
      /readngs does not exist!\n.*Did you mean readings\?\n\nTables:\n {2}readings\(topic, /s,
    )
    assert.doesNotMatch(stderr, /pg_/)
    assert.equal(status, 1)
  })

  it('given a syntax error, then its place is shown without a list of tables', async () => {
    const { stderr } = await ran(['sql', 'SELEC 1'], { environment })
    assert.match(stderr, /syntax error at or near "SELEC"/)
    assert.doesNotMatch(stderr, /Tables:/)
  })

  it('given that Kafka does not answer, then it says so', async () => {
    const { status, stderr } = await ran(['sql', 'FROM readings'], { environment })
    assert.match(stderr, /^HISTORY_BUCKET is not set.*\nKafka at 127\.0\.0\.1:1 does not answer: /)
    assert.equal(status, 1)
  })
})
