import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { SIGNALS } from '../../../lib/app/naming/topic-table.ts'
import type { LoadedInputs } from '../../../lib/intake/read-record.ts'
import { compilePlan } from '../../../lib/views/language/compile-plan.ts'
import { compileSelect } from '../../../lib/views/language/compile-select.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import { StatementError } from '../../../lib/views/language/statement-error.ts'
import type { StreamPlan, TablePlan, TableVersion } from '../../../lib/views/plan.ts'
import { FAMILIES } from '../../support/families.ts'
import { goldenAnswers } from '../../support/golden.ts'

const STREAM = `CREATE STREAM r (device_id VARCHAR KEY, activity VARCHAR, x DOUBLE, n BIGINT, ok BOOLEAN, at TIMESTAMP,
  location STRUCT<site VARCHAR, floor_no INT>) WITH (KAFKA_TOPIC = 'readings');`

function compileText(text: string, inputs: LoadedInputs = new Map()) {
  return compilePlan(
    FAMILIES,
    [{ name: 'a.sql', text: `${/CREATE STREAM/i.test(text) ? '' : STREAM}\n${text}` }],
    parse,
    { inputs },
  )
}

function compileTable(text: string): TablePlan {
  const [table] = compileText(text).tables
  assert.ok(table)
  return table
}

const field = (path: string, type: string) => ({ kind: 'field', path: path.split('.'), type })

describe('a stream', () => {
  it('given columns, then they are fields in camel case, nested ones and exact ones too', () => {
    const [stream] = compileText(
      `create stream S (SENSOR_ID string PRIMARY KEY, querylatencyms DOUBLE, \`cpu_usage\` INT, location STRUCT<SITE VARCHAR>)
       WITH (kafka_topic='readings', value_format='avro', type='io.sluice.environment.reading.v1, io.sluice.database.reading.v1');`,
    ).streams
    assert.equal(stream?.signal, 'readings')
    assert.deepEqual(stream?.types, ['io.sluice.environment.reading.v1', 'io.sluice.database.reading.v1'])
    assert.deepEqual(
      stream?.columns.map(({ name, type, path, isKey }) => [name, type, path.join('.'), isKey]),
      [
        ['SENSOR_ID', 'VARCHAR', 'data.sensorId', true],
        ['querylatencyms', 'DOUBLE', 'data.queryLatencyMs', undefined],
        ['cpu_usage', 'BIGINT', 'data.cpu_usage', undefined],
        ['location->SITE', 'VARCHAR', 'data.location.site', undefined],
      ],
    )
  })

  it('given keys of users, then they stay as they are', () => {
    const [stream] = compileText(
      `CREATE STREAM s (soil_moisture DOUBLE, tags STRUCT<soil_moisture VARCHAR, sensor_id VARCHAR, Rack VARCHAR>)
       WITH (KAFKA_TOPIC = 'readings');`,
    ).streams
    assert.deepEqual(
      stream?.columns.map(({ path }) => path.join('.')),
      ['data.soil_moisture', 'data.tags.soil_moisture', 'data.tags.sensor_id', 'data.tags.Rack'],
    )
  })

  it('given any topic of events, and an event type that inputs bring, then its columns are read as they are written', () => {
    for (const signal of SIGNALS.filter(signal => signal !== 'input-redrives')) {
      const [stream] = compileText(
        `CREATE STREAM s (customer_id VARCHAR, total DOUBLE) WITH (KAFKA_TOPIC = '${signal}', TYPE = 'com.example.order.v1');`,
      ).streams
      assert.deepEqual(
        [stream?.signal, ...(stream?.columns ?? []).map(({ path }) => path.join('.'))],
        [signal, 'data.customer_id', 'data.total'],
      )
    }
  })

  it('given a type that an input brings with a schema, then its columns are the fields of the schema', () => {
    const schema = { properties: { customerId: {}, Address: { properties: { zip: {} } } } }
    const as = { type: 'com.example.order.v1', source: '/shop', subject: 'id', times: ['record'] as const }
    const input = { topic: 'orders', as, schema, loadedMappings: [] }
    const paths = (properties: string) =>
      compileText(
        `CREATE STREAM s (CUSTOMER_ID VARCHAR, address STRUCT<ZIP VARCHAR>) WITH (${properties});`,
        new Map([['orders', input]]),
      ).streams[0]?.columns.map(({ path }) => path.join('.'))
    const described = ['data.customerId', 'data.Address.zip']
    assert.deepEqual(paths("KAFKA_TOPIC = 'events', TYPE = 'com.example.order.v1'"), described)
    assert.deepEqual(paths("KAFKA_TOPIC = 'events'"), described)
    const written = ['data.CUSTOMER_ID', 'data.address.ZIP']
    assert.deepEqual(paths("KAFKA_TOPIC = 'events', TYPE = 'com.example.visit.v1'"), written)
  })
})

describe('a table', () => {
  it('given all clauses, then the plan has them', () => {
    const table = compileTable(`CREATE OR REPLACE TABLE t AS -- counts
      SELECT activity, location->site AS site, SUM(n) / COUNT(*) + 1 AS a, sum(N) b, WINDOWSTART AS began, COUNT(DISTINCT x)
      FROM R WHERE x > 1 AND SOURCE LIKE '/device/%' WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 30 SECONDS, RETENTION 1 HOUR)
      GROUP BY activity, location->site HAVING COUNT(*) > 2 EMIT FINAL;`)
    assert.deepEqual(table.window, {
      kind: 'hopping',
      sizeMs: 60_000,
      advanceMs: 30_000,
      graceMs: 10_000,
      retentionMs: 3_600_000,
    })
    assert.deepEqual(table.aggregates, [
      { function: 'SUM', argument: field('data.n', 'BIGINT') },
      { function: 'COUNT' },
      { function: 'COUNT_DISTINCT', argument: field('data.x', 'DOUBLE') },
    ])
    assert.deepEqual(
      table.columns.map(({ name, type, isKey, isApproximate }) => [name, type, isKey, isApproximate]),
      [
        ['activity', 'VARCHAR', true, undefined],
        ['site', 'VARCHAR', true, undefined],
        ['a', 'BIGINT', undefined, undefined],
        ['b', 'BIGINT', undefined, undefined],
        ['began', 'TIMESTAMP', undefined, undefined],
        ['KSQL_COL_0', 'BIGINT', undefined, true],
      ],
    )
    assert.deepEqual(
      table.group.map(({ name, value }) => [name, value]),
      [
        ['activity', field('data.activity', 'VARCHAR')],
        ['site', field('data.location.site', 'VARCHAR')],
      ],
    )
    assert.equal(table.isFinalOnly, true)
    assert.ok(table.where && table.having)
    assert.match(table.statement, /^CREATE OR REPLACE[\s\S]*EMIT FINAL$/)
  })

  it('given names with their stream, and groups in parentheses, then the plan is the same', () => {
    const { generation } = compileTable(
      'CREATE TABLE t AS SELECT activity, ok, MAX(x) AS m FROM r GROUP BY activity, ok',
    )
    for (const text of [
      'CREATE TABLE t AS SELECT R.activity, ok, MAX(r.x) AS m FROM r GROUP BY (r.activity, ok)',
      'CREATE TABLE t AS SELECT q.activity, q.ok, MAX(q.x) AS m FROM r AS q GROUP BY (q.activity), q.ok',
    ])
      assert.equal(compileTable(text).generation, generation, text)
    assert.match(
      compileForError('CREATE TABLE t AS SELECT activity, MAX(s.x) FROM r GROUP BY activity'),
      /unknown stream or table s; known: r/,
    )
  })

  const types: [string, string][] = [
    ['AVG(n)', 'DOUBLE'],
    ['STDDEV_SAMP(n)', 'DOUBLE'],
    ['MIN(at)', 'TIMESTAMP'],
    ['MAX(x)', 'DOUBLE'],
    ['EARLIEST_BY_OFFSET(activity)', 'VARCHAR'],
    ['LATEST_BY_OFFSET(ok)', 'BOOLEAN'],
    ['TOPK(x, 3)', 'ARRAY<DOUBLE>'],
    ['TOPKDISTINCT(activity, 100)', 'ARRAY<VARCHAR>'],
    ['SUM(CASE WHEN ok THEN 1 ELSE 0 END)', 'BIGINT'],
    ['CAST(SUM(n) AS VARCHAR)', 'VARCHAR'],
    ['MAX(ROWTIME) - MIN(ROWTIME)', 'BIGINT'],
    ['UCASE(device_id)', 'VARCHAR'],
  ]
  it('given an aggregate, then its column has the type of the result', () => {
    for (const [written, type] of types) {
      const { columns } = compileTable(
        `CREATE TABLE t AS SELECT device_id, ${written} AS c FROM r GROUP BY device_id;`,
      )
      assert.equal(columns[1]?.type, type, written)
    }
  })

  it('given windows, then missing settings have defaults', () => {
    const compileWindow = (window: string) =>
      compileTable(`CREATE TABLE t AS SELECT device_id, COUNT(*) FROM r WINDOW ${window} GROUP BY device_id`)
        .window
    assert.deepEqual(compileWindow('TUMBLING (SIZE 1 DAY)'), {
      kind: 'tumbling',
      sizeMs: 86_400_000,
      graceMs: 10_000,
      retentionMs: 864_000_000,
    })
    assert.deepEqual(compileWindow('session (5 minutes, grace period 0 seconds)'), {
      kind: 'session',
      gapMs: 300_000,
      graceMs: 0,
      retentionMs: 3_000_000,
    })
  })

  // Promise config/views/README.md#applying | A table is built anew only if its rows change.
  it('given other spaces and letter cases, then the generation is the same; other rows have another', () => {
    const generation = (text: string) => compileTable(text).generation
    const first = generation('CREATE TABLE t AS SELECT device_id, COUNT(*) AS n FROM r GROUP BY device_id;')
    assert.match(first, /^[0-9a-f]{8}$/)
    assert.equal(
      generation(
        'create /* all */ table t as\n select DEVICE_ID as device_id, count(*) n from R\n group by Device_Id',
      ),
      first,
    )
    for (const other of ['COUNT(x) AS n', 'COUNT(*) AS m', 'COUNT(*) + 1 AS n'])
      assert.notEqual(
        generation(`CREATE TABLE t AS SELECT device_id, ${other} FROM r GROUP BY device_id;`),
        first,
      )
  })
})

/** Returns the error of a text as `line:column problem; form`, with lines counted after the stream. */
function compileForError(text: string): string {
  try {
    compileText(text)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    assert.ok(error.message.startsWith(`a.sql:${error.line}:${error.column}  `))
    const line = error.line - (/CREATE STREAM/i.test(text) ? 1 : 2)
    return `${line}:${error.column} ${error.problem}${error.nearest === undefined ? '' : `; ${error.nearest}`}`
  }
  return 'no error'
}

const select = (columns: string, rest = 'GROUP BY device_id') =>
  `CREATE TABLE t AS\nSELECT device_id, ${columns} FROM r\n${rest};`

/** Returns an expression in which each of 30 levels repeats the one within. */
function nested(before: string, after: string): string {
  return `${`${before} `.repeat(30)}n${after.repeat(30)}`
}

describe('a form of ksqlDB that is refused', () => {
  const WORDS =
    'INSERT, UPDATE, DELETE, ALTER, TERMINATE, PAUSE, RESUME, RUN SCRIPT, PRINT, EXPLAIN, ASSERT, SET, UNSET, DEFINE, UNDEFINE, SHOW TOPICS, DESCRIBE FUNCTION'
  const stream = (columns: string) => `CREATE STREAM s ${columns} WITH (KAFKA_TOPIC = 'readings');`
  const forms: Readonly<Record<string, readonly string[]>> = {
    'CREATE TABLE name WITH (…) AS SELECT': ['CREATE TABLE t WITH (PARTITIONS = 3) AS SELECT a FROM r'],
    'CREATE STREAM name WITH (…)': [stream('')],
    'CREATE SOURCE …': ["CREATE SOURCE STREAM s (a INT) WITH (KAFKA_TOPIC = 'readings')"],
    'CREATE TYPE': ['CREATE TYPE a AS VARCHAR'],
    'CREATE CONNECTOR': ['CREATE SINK CONNECTOR c WITH (a = 1)', 'DROP CONNECTOR c', 'DROP TYPE a'],
    ...Object.fromEntries(WORDS.split(', ').map(word => [word, [`${word} r`]])),
    'DECIMAL`, `DATE`, `TIME`, `BYTES`, `MAP`, `ARRAY': [
      'DECIMAL(4, 2)',
      'DATE',
      'TIME',
      'BYTES',
      'MAP<VARCHAR, INT>',
      'ARRAY<INT>',
    ].map(type => stream(`(a ${type})`)),
    "'2026-01-31'": [select('COUNT(*)', "WHERE ROWTIME > '2026-01-31' GROUP BY device_id")],
    'ROWPARTITION`, `ROWOFFSET`, `HEADERS': [
      select('MAX(ROWPARTITION)'),
      select('MAX(ROWOFFSET)'),
      stream('(a BYTES HEADERS)'),
    ],
    'GROUP BY ()`, `window names': [
      select('COUNT(*)', 'GROUP BY ()'),
      select('COUNT(*)', 'WINDOW w TUMBLING (SIZE 1 MINUTE) GROUP BY device_id'),
    ],
    "AT TIME ZONE`, `DATE '2026-01-31'": [
      select("MAX(ROWTIME AT TIME ZONE 'UTC')"),
      select("MAX(DATE '2026-01-31')"),
    ],
    'stream.*`, `x->*': ['CREATE TABLE t AS SELECT r.* FROM r GROUP BY x', select('location->*')],
    'variables in statements': [select('MAX($' + '{x})')],
    'LATEST_BY_OFFSET(x, 3)': [select('LATEST_BY_OFFSET(x, 3)'), select('EARLIEST_BY_OFFSET(x, false)')],
    'TOPK(x, y, k)': [select('TOPK(x, n, 3)')],
    CORRELATION: [select('CORRELATION(x, n)')],
    EXPLODE: [select('EXPLODE(x)')],
    AS_VALUE: [select('AS_VALUE(device_id)')],
    'x[1]`, `ARRAY[…]`, `MAP(…)`, `STRUCT(…)`, `x => …': [
      'x[1]',
      'ARRAY[1]',
      "MAP('a' := 1)",
      'STRUCT(a := 1)',
      'TRANSFORM(x, y => y)',
    ].map(value => select(`MAX(${value})`)),
    'SELECT *, x`, `SELECT x, *': ['CREATE TABLE t AS SELECT x, * FROM r GROUP BY x'],
    'CAST(timestamp AS VARCHAR)': [select('MAX(CAST(at AS VARCHAR))')],
    "x IN (1, '2')": [select('COUNT(*)', "WHERE n IN (1, '2') GROUP BY device_id")],
    'CAST(x AS TIMESTAMP)`, `.5': [select('MAX(CAST(activity AS TIMESTAMP))'), select('MAX(.5)')],
    'SELECT *` and `LIMIT` in a table': [
      'CREATE TABLE t AS SELECT * FROM r GROUP BY activity',
      select('COUNT(*)', 'GROUP BY device_id LIMIT 1'),
    ],
    'FROM stream other` without `AS': [
      'CREATE TABLE t AS SELECT q.activity, COUNT(*) FROM r q GROUP BY activity',
    ],
    'names in `"quotes"`, names of columns in `HAVING`': [
      select('MAX("x")'),
      select('COUNT(*) AS c', 'GROUP BY device_id HAVING c > 1'),
    ],
  }
  const [, list = ''] = readFileSync('config/views/README.md', 'utf8').split(/^## Beside ksqlDB$/m)
  for (const [form, texts] of Object.entries(forms))
    it(`given ${form}, then it stands in the list of differences`, () => {
      for (const text of texts) assert.notEqual(compileForError(text), 'no error', text)
      assert.ok(list.includes(form))
    })
})

describe('the names of results without AS', () => {
  const NAMED =
    'CREATE TABLE t AS SELECT device_id, COUNT(*), n + 1 AS ksql_col_2, location->site, MAX(x), MIN(x) FROM r'
  const text = `${NAMED} GROUP BY device_id, n + 1, location->site`
  const namesOf = (table: TablePlan | undefined) => table?.columns.map(({ name }) => name)
  const compileBeside = (existing: readonly TableVersion[]) =>
    compilePlan(FAMILIES, [{ name: 'a.sql', text: `${STREAM}\n${text};` }], parse, undefined, existing)
      .tables[0]

  it('given values and nested fields, then they are counted, pass over taken names, and are the last field', () => {
    const names = ['device_id', 'KSQL_COL_0', 'ksql_col_2', 'site', 'KSQL_COL_1', 'KSQL_COL_3']
    assert.deepEqual(namesOf(compileTable(text)), names)
    const [stream] = compileText(
      "CREATE STREAM s (b INT, a STRUCT<b INT>, c STRUCT<B INT>) WITH (KAFKA_TOPIC = 'readings');",
    ).streams
    const selection = compileSelect(
      'SELECT a->b, c->B, b FROM s EMIT CHANGES',
      { streams: [stream as StreamPlan], tables: [] },
      parse,
    )
    assert.deepEqual(
      selection.columns.map(({ name }) => name),
      ['b_1', 'B_2', 'b'],
    )
  })

  it('given a table of an earlier version with the same statement, then it keeps its names; another does not', () => {
    const before = { name: 't', generation: '0415ce2b.123456' }
    const names = ['device_id', 'KSQL_COL_1', 'ksql_col_2', 'location__site', 'KSQL_COL_4', 'KSQL_COL_5']
    const kept = compileBeside([before])
    assert.deepEqual(namesOf(kept), names)
    assert.equal(kept?.generation, '0415ce2b')
    for (const other of [
      { ...before, name: 'u' },
      { ...before, generation: '00000000' },
    ])
      assert.deepEqual(compileBeside([other]), compileBeside([]))
  })
})

describe('a statement with an error', () => {
  // Promise config/views/README.md#limits | A statement is refused if its state could grow without a bound, with the form to use instead.
  it('given statements with errors, then the place and the nearest form of each are named', () =>
    goldenAnswers('statements', compileForError))

  it('given several errors in several files, then all are named, and none a second time for what depends on it', () => {
    const group = 'FROM r GROUP BY device_id;'
    const files = [
      { name: 'a.sql', text: `${STREAM}\nCREATE TABLE a AS SELECT device_id, AVGG(x) AS m ${group}` },
      { name: 'b.sql', text: "CREATE STREAM q (x DOUBLE) WITH (KAFKA_TOPIC = 'readngs');" },
      { name: 'c.sql', text: 'CREATE TABLE c AS SELECT x, COUNT(*) AS n FROM q GROUP BY x;' },
      { name: 'd.sql', text: `CREATE TABLE d AS SELECT device, COUNT(*) AS n ${group}` },
      { name: 'e.sql', text: 'CREATE TABEL e;' },
    ]
    const lines = (() => {
      try {
        return compilePlan(FAMILIES, files, parse)
      } catch (error) {
        return (error as Error).message.split('\n').map(line => line.split(':')[0])
      }
    })()
    assert.deepEqual(lines, ['e.sql', 'b.sql', 'a.sql', 'd.sql'])
  })

  it('given a statement that is not SQL, then the errors of the statements around it are named, too', () => {
    const text = [
      `${STREAM} -- the semicolon in ';' and in a comment; ends nothing`,
      "CREATE TABEL a AS SELECT ';';",
      'CREATE TABLE b AS SELECT device_id, AVGG(x) AS m',
      '  FROM r GROUP BY device_id; SELEC 1;',
    ].join('\n')
    assert.throws(() => compilePlan(FAMILIES, [{ name: 'a.sql', text }], parse), {
      message: /^a\.sql:3:8 .* TABLE\na\.sql:5:30 .* SELECT\na\.sql:4:37 .* AVG$/,
    })
  })

  const cases: [string, RegExp][] = [
    [`CREATE TABLE t AS SELECT ${'('.repeat(50_000)}`, /nested too deeply/],
    [select(`SUM(x${' + x'.repeat(300)})`), /^2:23 an expression has at most 200 operators in one another/],
    [select(`${'LEN('.repeat(300)}x${')'.repeat(300)}`), /at most 200/],
    [
      select(`MAX(${nested('CASE', ' WHEN 1 THEN 2 WHEN 2 THEN 3 END')})`),
      /at most 2000 values and operators/,
    ],
    [select(`MAX(${nested('CASE WHEN', ' BETWEEN 1 AND 2 THEN 1 END')})`), /at most 2000 values/],
    [' '.repeat(100_000), /more than 100000 characters/],
  ]
  for (const [text, expected] of cases)
    it(`given ${text.trim().slice(0, 40)} and much more, then it is refused for its size`, () => {
      assert.match(compileForError(text), expected)
    })
})
