import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { compilePlan } from '../../../lib/views/language/compile.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import { StatementError } from '../../../lib/views/language/statement-error.ts'
import type { TablePlan } from '../../../lib/views/plan.ts'

const STREAM = `CREATE STREAM r (device_id VARCHAR KEY, activity VARCHAR, x DOUBLE, n BIGINT, ok BOOLEAN, at TIMESTAMP,
  location STRUCT<site VARCHAR, floor_no INT>) WITH (KAFKA_TOPIC = 'readings');`

function planOf(text: string) {
  return compilePlan(
    [{ name: 'a.sql', text: `${/CREATE STREAM/i.test(text) ? '' : STREAM}\n${text}` }],
    parse,
  )
}

function tableOf(text: string): TablePlan {
  const [table] = planOf(text).tables
  assert.ok(table)
  return table
}

const field = (path: string, type: string) => ({ kind: 'field', path: path.split('.'), type })

describe('a stream', () => {
  it('given columns, then they are fields in camel case, nested ones and exact ones too', () => {
    const [stream] = planOf(
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
    const [stream] = planOf(
      `CREATE STREAM s (soil_moisture DOUBLE, tags STRUCT<soil_moisture VARCHAR, sensor_id VARCHAR, Rack VARCHAR>)
       WITH (KAFKA_TOPIC = 'readings');`,
    ).streams
    assert.deepEqual(
      stream?.columns.map(({ path }) => path.join('.')),
      ['data.soil_moisture', 'data.tags.soil_moisture', 'data.tags.sensor_id', 'data.tags.Rack'],
    )
  })
})

describe('a table', () => {
  it('given all clauses, then the plan has them', () => {
    const table = tableOf(`CREATE OR REPLACE TABLE t AS -- counts
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
        ['KSQL_COL_5', 'BIGINT', undefined, true],
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
      const { columns } = tableOf(
        `CREATE TABLE t AS SELECT device_id, ${written} AS c FROM r GROUP BY device_id;`,
      )
      assert.equal(columns[1]?.type, type, written)
    }
  })

  it('given windows, then missing settings have defaults', () => {
    const windowOf = (window: string) =>
      tableOf(`CREATE TABLE t AS SELECT device_id, COUNT(*) FROM r WINDOW ${window} GROUP BY device_id`)
        .window
    assert.deepEqual(windowOf('TUMBLING (SIZE 1 DAY)'), {
      kind: 'tumbling',
      sizeMs: 86_400_000,
      graceMs: 10_000,
      retentionMs: 864_000_000,
    })
    assert.deepEqual(windowOf('session (5 minutes, grace period 0 seconds)'), {
      kind: 'session',
      gapMs: 300_000,
      graceMs: 0,
      retentionMs: 3_000_000,
    })
  })

  it('given other spaces and letter cases, then the generation is the same; other rows have another', () => {
    const generation = (text: string) => tableOf(text).generation
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
function errorOf(text: string): string {
  try {
    planOf(text)
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
    'INSERT, UPDATE, DELETE, ALTER, TERMINATE, PAUSE, RESUME, RUN SCRIPT, PRINT, EXPLAIN, ASSERT, SET, UNSET, DEFINE, SHOW TOPICS, DESCRIBE FUNCTION'
  const stream = (columns: string) => `CREATE STREAM s ${columns} WITH (KAFKA_TOPIC = 'readings');`
  const forms: Readonly<Record<string, readonly string[]>> = {
    'CREATE TABLE name WITH (…) AS SELECT': ['CREATE TABLE t WITH (PARTITIONS = 3) AS SELECT a FROM r'],
    'CREATE STREAM name WITH (…)': [stream('')],
    'CREATE SOURCE …': ["CREATE SOURCE STREAM s (a INT) WITH (KAFKA_TOPIC = 'readings')"],
    'CREATE TYPE': ['CREATE TYPE a AS VARCHAR'],
    'DROP STREAM': ['DROP STREAM r'],
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
    'LATEST_BY_OFFSET(x, 3)': [select('LATEST_BY_OFFSET(x, 3)'), select('EARLIEST_BY_OFFSET(x, false)')],
    'TOPK(x, y, k)': [select('TOPK(x, n, 3)')],
    CORRELATION: [select('CORRELATION(x, n)')],
    EXPLODE: [select('EXPLODE(x)')],
    AS_VALUE: [select('AS_VALUE(device_id)')],
    'IS DISTINCT FROM': [select('COUNT(*)', 'WHERE x IS DISTINCT FROM 1 GROUP BY device_id')],
    'LIKE … ESCAPE': [select('COUNT(*)', "WHERE activity LIKE 'a' ESCAPE '!' GROUP BY device_id")],
    'x[1]`, `ARRAY[…]`, `MAP(…)`, `STRUCT(…)`, `x => …': [
      'x[1]',
      'ARRAY[1]',
      "MAP('a' := 1)",
      'STRUCT(a := 1)',
      'TRANSFORM(x, y => y)',
    ].map(value => select(`MAX(${value})`)),
    'CAST(x AS TIMESTAMP)`, `.5': [select('MAX(CAST(activity AS TIMESTAMP))'), select('MAX(.5)')],
    'SELECT *` and `LIMIT` in a table': [
      'CREATE TABLE t AS SELECT * FROM r GROUP BY activity',
      select('COUNT(*)', 'GROUP BY device_id LIMIT 1'),
    ],
    'names in `"quotes"`, `stream.column`, other names for streams, names of columns in `HAVING`': [
      select('MAX("x")'),
      select('MAX(r.x)'),
      'CREATE TABLE t AS SELECT activity, COUNT(*) FROM r AS q GROUP BY activity',
      select('COUNT(*) AS c', 'GROUP BY device_id HAVING c > 1'),
    ],
  }
  const [, list = ''] = readFileSync('config/views/README.md', 'utf8').split(
    /^## (?:Beside ksqlDB|Windows)$/m,
  )
  for (const [form, texts] of Object.entries(forms))
    it(`given ${form}, then it stands in the list of differences`, () => {
      for (const text of texts) assert.notEqual(errorOf(text), 'no error', text)
      assert.ok(list.includes(form))
    })
})

describe('a statement with an error', () => {
  const cases: [string, RegExp][] = [
    ['CREATE TABL t', /^1:8 expected OR, STREAM, TABLE, but found TABL; TABLE$/],
    ['CREATE TABLE t AS SELECT a FROM r GRUOP BY a', /^1:35 expected .*, but found GRUOP; GROUP$/],
    ['CREATE TABLE t AS SELECT a FROM', /found the end of the text; SELECT column/],
    [
      "CREATE STREAM s (a VARCHAR WITH (KAFKA_TOPIC='events')",
      /^1:28 expected .*; WITH|^1:28 expected .*; CREATE STREAM/,
    ],
    [
      select('COUNT(*)', 'WINDOW TUMBLING SIZE 1 MINUTE GROUP BY device_id'),
      /^3:1 .*parentheses; WINDOW TUMBLING \(SIZE 1 MINUTE\)$/,
    ],
    [
      select('COUNT(*)', 'WINDOW TUMBLING (GRACE PERIOD 1 MINUTE) GROUP BY device_id'),
      /^3:8 a tumbling window needs SIZE; WINDOW TUMBLING/,
    ],
    [
      select('COUNT(*)', 'WINDOW TUMBLING (SIZE 1 MINUTE, ADVANCE BY 1 SECOND) GROUP BY device_id'),
      /^3:33 .*no ADVANCE BY/,
    ],
    [
      select('COUNT(*)', 'WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR) GROUP BY device_id'),
      /^3:8 .*3601 windows, and 1000 are allowed; RETENTION 999 SECONDS$/,
    ],
    [
      select('COUNT(*)', 'WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 1 SECOND) GROUP BY device_id'),
      /7210 windows, and 1000 are allowed; ADVANCE BY 8 SECONDS$/,
    ],
    [
      select(
        'COUNT(*)',
        'WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 1 HOUR, RETENTION 1 MINUTE) GROUP BY device_id',
      ),
      /; RETENTION 3600 SECONDS$/,
    ],
    [select('SUM(activity)'), /^2:23 SUM takes a number, and this is VARCHAR; CAST/],
    [select('SUM(x'), /expected .*found FROM/],
    [select('AVRG(x)'), /^2:19 unknown function AVRG; AVG$/],
    [select('SUM(xx)'), /^2:23 unknown column xx/],
    [select('SUM(deviceid)'), /unknown column deviceid; device_id$/],
    [
      select('COUNT(*)', 'WHERE COUNT(*) > 1 GROUP BY device_id'),
      /^3:7 an aggregate is not a value of one row/,
    ],
    [
      select('COUNT(*)', "WHERE x > 'a' GROUP BY device_id"),
      /^3:11 > takes values of one type, and this is VARCHAR beside DOUBLE/,
    ],
    [select('COUNT(*)', 'WHERE x GROUP BY device_id'), /^3:7 WHERE takes a condition, and this is DOUBLE$/],
    [select('activity'), /^2:19 activity is neither grouped nor aggregated; LATEST_BY_OFFSET\(activity\)$/],
    [select('WINDOWSTART'), /^2:19 the table has no window; WINDOW/],
    [select('COLLECT_LIST(x)'), /^2:19 COLLECT_LIST keeps every value.*; TOPK\(column, 10\)$/],
    [select('HISTOGRAM(activity)'), /GROUP BY column$/],
    [
      select('TOPK(x, 101)'),
      /^2:27 the second argument of TOPK is a whole number from 1 to 100; TOPK\(column, 10\)$/,
    ],
    ...['PERCENTILE(x, 0.99)', 'APPROX_PERCENTILE(x, 0.99)', 'MEDIAN(x)'].map((call): [string, RegExp] => [
      select(call),
      /^2:19 unknown function/,
    ]),
    [select('SUM(DISTINCT x)'), /COUNT\(DISTINCT column\)$/],
    [select('SUM(COUNT(x))'), /aggregate/],
    [select('LEN(1)'), /^2:23 LEN takes a text, and this is BIGINT$/],
    [select('CAST(ok AS DOUBLE)', 'GROUP BY device_id, ok'), /a BOOLEAN cannot be cast to DOUBLE/],
    [select('CAST(MAX(x) AS FLOAT)', 'GROUP BY device_id'), /^2:34 unknown type FLOAT/],
    [select('COUNT(*) AS device_id'), /declared twice/],
    [select('COUNT(*)', ''), /^1:1 a table without groups has no bound; CREATE TABLE/],
    [select('COUNT(*)', 'GROUP BY device_id, x'), /^3:21 GROUP BY a DOUBLE has no bound.*; GROUP BY ROUND/],
    [
      select('COUNT(*)', 'GROUP BY device_id, CAST(ROWTIME AS BIGINT) / 1000'),
      /^3:45 GROUP BY a time has no bound.*; WINDOW/,
    ],
    [select('COUNT(*)', 'GROUP BY device_id, ok'), /^3:21 a value of GROUP BY is not among the columns/],
    [select('COUNT(*)', 'GROUP BY device_id EMIT FINAL'), /EMIT FINAL needs a window/],
    [
      select('COUNT(*)', 'WINDOW ROLLING (SIZE 1 HOUR, ADVANCE BY 1 MINUTE) GROUP BY device_id'),
      /^3:8 expected HOPPING, SESSION, TUMBLING, but found ROLLING/,
    ],
    [
      select('TOPK(activity, 30)', 'WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 1 DAY) GROUP BY device_id'),
      /^3:8 a group would keep 1441 windows of 9 KiB, and 115 are allowed; RETENTION 6840 SECONDS$/,
    ],
    [
      select('TOPK(activity, 30)', 'WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 10 SECONDS) GROUP BY device_id'),
      /721 windows of 9 KiB, and 115 are allowed; ADVANCE BY 63 SECONDS$/,
    ],
    [
      select(
        [1, 2, 3, 4].map(k => `TOPK(activity, ${96 + k})`).join(', '),
        'WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY device_id',
      ),
      /^3:8 a group would keep 11 windows of 116 KiB, and 8 are allowed; RETENTION 420 SECONDS$/,
    ],
    [
      'CREATE TABLE `a/b c` AS SELECT activity, COUNT(*) FROM r GROUP BY activity',
      /^1:14 the name of a table/,
    ],
    [select('COUNT(*)', 'GROUP BY device_id LIMIT 3'), /LIMIT/],
    ['CREATE TABLE t AS SELECT a FROM r JOIN b ON 1', /^1:35 joins are not supported/],
    ['CREATE TABLE t AS SELECT a FROM r PARTITION BY a', /^1:35 PARTITION BY is not supported/],
    ['CREATE TABLE t (a VARCHAR) WITH (x = 1)', /^1:16 a table has no topic of its own/],
    ['CREATE STREAM s AS SELECT a FROM r', /^1:17 a stream that is made by a query is not supported/],
    ['INSERT INTO r VALUES (1)', /^1:1 INSERT is not supported/],
    ...['2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T08:00:00'].map((at): [string, RegExp] => [
      select('COUNT(*)', `WHERE at > '${at}' GROUP BY device_id`),
      /^3:12 a timestamp is written as a text of RFC 3339; '2026-01-31T08:00:00Z'$/,
    ]),
    ['SELECT * FROM r', /^1:1 a file declares only streams and tables/],
    ['CREATE TABLE t AS SELECT a, COUNT(*) FROM rr GROUP BY a', /^1:43 unknown stream rr; known: r$/],
    ['CREATE TABLE r AS SELECT activity FROM r GROUP BY activity', /^1:14 r is declared twice$/],
    ["CREATE STREAM s (a VARCHAR) WITH (KAFKA_TOPIC='reading')", /unknown topic reading; readings$/],
    [
      "CREATE STREAM s (a VARCHAR) WITH (KAFKA_TOPIC='readings.factory')",
      /^1:47 a stream reads all sub-signals.*; KAFKA_TOPIC = 'readings', and/,
    ],
    [
      "CREATE STREAM s (a VARCHAR) WITH (KAFKA_TOPIC='events', VALUE_FORMT='JSON')",
      /unknown property VALUE_FORMT; VALUE_FORMAT$/,
    ],
    ["CREATE STREAM s (a VARCHAR) WITH (VALUE_FORMAT='JSON')", /the stream has no topic/],
    ["CREATE STREAM s (a VARCHR) WITH (KAFKA_TOPIC='events')", /^1:20 unknown type VARCHR; VARCHAR$/],
    [
      "CREATE STREAM s (a MAP<VARCHAR, INT>) WITH (KAFKA_TOPIC='events')",
      /^1:20 unknown type MAP<VARCHAR, INT>/,
    ],
    ["CREATE STREAM s (a INT, A INT) WITH (KAFKA_TOPIC='events')", /the column a is declared twice/],
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
    it(`given ${text.replaceAll(/\s+/g, ' ').slice(0, 60)}, then its place and nearest form are named`, () => {
      assert.match(errorOf(text), expected)
    })
})
