/** Statements as people paste them from other engines: each refusal names its place and a way out, which is not refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refuseDeclarations } from '../../../cli/sql/answer-from-tables.ts'
import { compilePlan } from '../../../lib/views/language/compile-plan.ts'
import { compileSelect, DECLARED } from '../../../lib/views/language/compile-select.ts'
import { parse } from '../../../lib/views/language/parser.ts'
import { StatementError } from '../../../lib/views/language/statement-error.ts'
import { FAMILIES } from '../../support/families.ts'

const STREAM =
  "CREATE STREAM f73 (sensor_id VARCHAR KEY, temperature DOUBLE) WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');"
const TABLE = 'CREATE TABLE counts AS SELECT sensor_id, COUNT(*) AS n FROM f73 GROUP BY sensor_id;'
const PLAN = compilePlan(FAMILIES, [{ name: 'a', text: `${STREAM}\n${TABLE}` }], parse)
const group = (middle: string, items = 'COUNT(*) AS n') =>
  `CREATE TABLE k AS SELECT sensor_id, ${items} FROM f73 ${middle}`
const WINDOW = 'WINDOW TUMBLING (SIZE 1 HOUR)'
const ORDER = /each clause is there once, in the order SELECT … FROM … WINDOW … WHERE … GROUP BY/
const TUMBLING = /clause here.*WINDOW TUMBLING \(SIZE 1 MINUTE\)/
const HOPPING = /clause here.*WINDOW HOPPING \(SIZE 10 MINUTES, ADVANCE BY 1 MINUTE\)/
const KNOWN = /unknown function \w+; known: ABS/
const OF_QUERY = /a table has no topic of its own.*CREATE TABLE name AS SELECT/
const VIEW = /VIEW is not supported: a view that is kept is a table.*CREATE TABLE name AS/
const IN_BY_INPUTS = /config\/inputs\.yaml/

/** Statement, and its reason with the way out. */
const PASTED: readonly (readonly [statement: string, reason: RegExp])[] = [
  // ksqlDB
  [
    "CREATE STREAM a (id VARCHAR KEY, ts BIGINT) WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON', TIMESTAMP='ts');",
    /^1:106 ts is not the time of the event, which is ROWTIME/,
  ],
  [
    "CREATE STREAM d (id VARCHAR KEY) WITH (KAFKA_TOPIC='readings', VALUE_FORMAT='JSON_SR');",
    /unknown format JSON_SR; known: JSON/,
  ],
  [
    "CREATE TABLE e WITH (KAFKA_TOPIC='e', PARTITIONS=1) AS SELECT sensor_id, COUNT(*) AS n FROM f73 GROUP BY sensor_id EMIT CHANGES;",
    OF_QUERY,
  ],
  [
    group(`${WINDOW} GROUP BY sensor_id`, "TIMESTAMPTOSTRING(WINDOWSTART, 'yyyy-MM-dd HH:mm:ss') AS w"),
    KNOWN,
  ],
  [
    group(`${WINDOW} GROUP BY sensor_id WHERE temperature > 3;`),
    /^1:109 WHERE does not belong here: each clause/,
  ],
  ["SELECT EXTRACTJSONFIELD(payload, '$.a') FROM f73 EMIT CHANGES;", KNOWN],
  [
    group('GROUP BY sensor_id HAVING n > 3;'),
    /^1:86 n names a result: repeat its expression; .*: HAVING COUNT\(\*\) …/,
  ],
  [
    group('GROUP BY sensor_id HAVING hottest > 30;', 'MAX(temperature) AS hottest'),
    /repeat.* HAVING MAX\(temperature\) …/,
  ],
  [group('WHERE n > 3 GROUP BY sensor_id;'), /repeat.* HAVING COUNT\(\*\) …/],
  [
    'CREATE TABLE k AS SELECT sensor_id AS s, COUNT(*) AS n FROM f73 GROUP BY s;',
    /^1:74 s names a result.*: sensor_id …/,
  ],
  [group('GROUP BY 1;'), /GROUP BY takes columns, not numbers; .* GROUP BY column/],
  [group(`GROUP BY sensor_id ${WINDOW};`), ORDER],
  [group('HAVING COUNT(*) > 1 GROUP BY sensor_id;'), ORDER],
  [group('EMIT CHANGES GROUP BY sensor_id;'), ORDER],
  [group('GROUP BY sensor_id HAVING COUNT(*) > 3 WHERE temperature > 1;'), ORDER],
  [group('GROUP BY sensor_id LIMIT 5 EMIT CHANGES;'), ORDER],
  [
    group('WINDOW TUMBLING (1 HOUR) GROUP BY sensor_id;'),
    /a tumbling window has no gap without a name.*SIZE 1 MINUTE/,
  ],
  [group('WINDOW TUMBLING SIZE 1 HOUR GROUP BY sensor_id;'), /WINDOW TUMBLING \(SIZE 1 HOUR\)/],
  [
    group("WINDOW TUMBLING (SIZE INTERVAL '1' HOUR) GROUP BY sensor_id;"),
    /a number with its unit.*SIZE 1 MINUTE/,
  ],
  ['CREATE STREAM x AS SELECT * FROM f73 EMIT CHANGES;', /made by a query.*CREATE TABLE name AS/],
  [
    "CREATE STREAM x WITH (KAFKA_TOPIC='x') AS SELECT * FROM f73;",
    /a stream names its columns.*CREATE STREAM name \(/,
  ],
  ["CREATE SOURCE CONNECTOR j WITH ('connector.class'='io.x');", IN_BY_INPUTS],
  ["CREATE TABLE u (id VARCHAR PRIMARY KEY) WITH (KAFKA_TOPIC='u', VALUE_FORMAT='JSON');", OF_QUERY],
  ['CREATE TYPE address AS STRUCT<street VARCHAR>;', /TYPE is not supported.*STRUCT<room VARCHAR>/],
  ["INSERT INTO f73 (sensor_id) VALUES ('a');", /`sluice publish`/],
  ["PRINT 'readings' FROM BEGINNING;", /`sluice consume`.*EMIT CHANGES LIMIT 10/],
  ["SET 'auto.offset.reset' = 'earliest';", /streamsProperties/],
  ['TERMINATE q;', /DROP TABLE name/],
  ['EXPLAIN q;', /DESCRIBE name/],
  [
    group('LEFT JOIN u ON f73.sensor_id = u.id GROUP BY sensor_id;'),
    /a table reads one stream.*CREATE TABLE name AS/,
  ],
  [
    'SELECT sensor_id, COUNT(*) FROM f73 GROUP BY sensor_id EMIT CHANGES;',
    /GROUP BY is a part of a table.*CREATE TABLE name AS SELECT … FROM f73/,
  ],
  // Flink SQL
  [
    "SELECT sensor_id, COUNT(*) FROM TABLE(TUMBLE(TABLE f73, DESCRIPTOR(ROWTIME), INTERVAL '1' MINUTES)) GROUP BY sensor_id, window_start, window_end;",
    TUMBLING,
  ],
  [
    "SELECT sensor_id, TUMBLE_START(ROWTIME, INTERVAL '1' MINUTE) FROM f73 GROUP BY sensor_id, TUMBLE(ROWTIME, INTERVAL '1' MINUTE);",
    TUMBLING,
  ],
  [
    "SELECT sensor_id FROM f73 GROUP BY sensor_id, HOP(ROWTIME, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE);",
    HOPPING,
  ],
  [
    "SELECT window_start FROM TABLE(CUMULATE(TABLE f73, DESCRIPTOR(ROWTIME), INTERVAL '2' MINUTES, INTERVAL '10' MINUTES)) GROUP BY window_start;",
    HOPPING,
  ],
  [
    "SELECT SESSION_START(ROWTIME, INTERVAL '5' MINUTE) FROM f73;",
    /clause here.*WINDOW SESSION \(5 MINUTES\)/,
  ],
  [
    "CREATE TABLE i (id STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'readings');",
    OF_QUERY,
  ],
  [
    "CREATE TABLE t1 (ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');",
    OF_QUERY,
  ],
  [
    "CREATE STREAM s (id VARCHAR) WITH ('connector' = 'kafka');",
    /of another engine.*KAFKA_TOPIC = 'readings'/,
  ],
  [
    'SELECT * FROM f73 MATCH_RECOGNIZE (PARTITION BY sensor_id MEASURES A.ts AS t PATTERN (A B) DEFINE A AS A.v > 1);',
    /config\/rules/,
  ],
  [
    'SELECT sensor_id, ROW_NUMBER() OVER (PARTITION BY sensor_id ORDER BY ts DESC) AS rn FROM f73;',
    /OVER is not supported: .*CREATE TABLE name AS/,
  ],
  ['SELECT ROWTIME, * FROM f73;', /^1:17 \* beside other columns/],
  ['SELECT *, ROWTIME FROM f73;', /^1:8 \* beside other columns.*SELECT column, other FROM name/],
  ['CREATE VIEW v AS SELECT sensor_id FROM f73;', VIEW],
  // RisingWave and Materialize
  ['CREATE MATERIALIZED VIEW mv AS SELECT sensor_id, COUNT(*) AS n FROM f73 GROUP BY sensor_id;', VIEW],
  ["CREATE SOURCE s (id VARCHAR) WITH (connector = 'kafka') FORMAT PLAIN ENCODE JSON;", IN_BY_INPUTS],
  ["CREATE SOURCE s FROM KAFKA CONNECTION k (TOPIC 'readings') FORMAT JSON;", IN_BY_INPUTS],
  ["CREATE CONNECTION k TO KAFKA (BROKER 'localhost:9092');", IN_BY_INPUTS],
  ["CREATE SINK k FROM mv WITH (connector = 'kafka');", /view-changes/],
  ['CREATE INDEX i ON mv (sensor_id);', /leave the statement out/],
  ["SELECT window_start FROM TUMBLE(f73, ts, INTERVAL '1 MINUTES') GROUP BY window_start;", TUMBLING],
  [group(`${WINDOW} GROUP BY sensor_id EMIT ON WINDOW CLOSE;`), /EMIT FINAL/],
  ['SUBSCRIBE TO counts;', /SELECT \* FROM table EMIT CHANGES/],
  ['WITH hot AS (SELECT * FROM f73) SELECT * FROM hot;', /declare that as a table/],
  ['SELECT temperature::INT FROM f73 EMIT CHANGES;', /^1:19 :: is not supported.*CAST\(column AS DOUBLE\)/],
  [
    group("WHERE ts > NOW() - INTERVAL '5 minutes' GROUP BY sensor_id;"),
    /INTERVAL is not supported: .*SIZE 1 MINUTE.*ROWTIME >/,
  ],
  // Spark and SQL at large
  [group("GROUP BY window(ts, '10 minutes'), sensor_id;", "window(ts, '10 minutes')"), TUMBLING],
  ["CREATE TABLE k AS SELECT DATE_TRUNC('minute', ROWTIME) AS m FROM f73 GROUP BY m;", TUMBLING],
  ['CREATE STREAMING TABLE t AS SELECT * FROM f73;', /is a table; .*CREATE TABLE name AS/],
  ['CREATE OR REPLACE TEMPORARY VIEW v AS SELECT * FROM f73;', VIEW],
  ['SELECT DISTINCT sensor_id FROM f73 EMIT CHANGES;', /each value of GROUP BY once.*CREATE TABLE name AS/],
  ['SELECT * FROM counts ORDER BY n DESC LIMIT 10;', /leave ORDER BY out/],
  ['SELECT * FROM f73 UNION ALL SELECT * FROM f73;', /write two statements/],
  ['SELECT * FROM (SELECT * FROM f73) AS x;', /a query within a query.*declare that as a table/],
  ['SELECT * FROM counts WHERE n > (SELECT AVG(n) FROM counts);', /a query within a query/],
  [group('GROUP BY sensor_id;', 'COUNT(*) FILTER (WHERE temperature > 3) AS n'), /SUM\(CASE WHEN/],
  [group('GROUP BY sensor_id;', 'temperature[1] AS n'), /\[ is not supported.*place->room/],
  ['SELECT * FROM f73 TABLESAMPLE (10 PERCENT);', /WHERE column = 'value'/],
]

function compile(statement: string): void {
  if (/^\s*(?:CREATE|INSERT|DROP)/i.test(statement))
    compilePlan(
      FAMILIES,
      [
        { name: 'stream', text: STREAM },
        { name: 'pasted', text: statement },
      ],
      parse,
    )
  else compileSelect(statement, PLAN as never, parse)
}

const errorOf = (statement: string): StatementError => {
  try {
    compile(statement)
  } catch (error) {
    if (error instanceof StatementError) return error
  }
  return assert.fail(`${statement} is not refused`)
}

describe('a statement of another engine', () => {
  for (const [statement, reason] of PASTED)
    it(`given ${statement}, then its place, its reason and the way out are named`, () => {
      const { line, column, message, nearest = '' } = errorOf(statement)
      assert.match(`${line}:${column} ${message.replace(/^\S+ {2}/, '')}`, reason)
      if (!/^(?:CREATE|SELECT|DESCRIBE|DROP)\b.*;$/.test(nearest)) return
      // A whole statement that is proposed is one that is taken, with names that exist.
      const taken = nearest
        .replace(', …', '')
        .replaceAll(/\b(?:table|FROM name)\b/g, name => (name === 'table' ? 'counts' : 'FROM counts'))
        .replaceAll(/\bstream\b/g, 'f73')
        .replaceAll(/\bcolumn\b/g, 'sensor_id')
        .replaceAll(/\bother\b/g, 'n')
        .replace('name;', 'counts;')
      if (/^(?:CREATE|SELECT)/.test(taken)) compile(taken)
      else assert.equal(parse(taken).length, 1)
    })

  it('given an error of words that are no clause, then a question is proposed a question', () => {
    assert.match(
      errorOf('SELECT n, FROM counts').message,
      /SELECT column, other FROM table WHERE column = 'value'/,
    )
    assert.match(errorOf('SELECT n FROM counts GROUP BY ,').message, /CREATE TABLE name AS SELECT/)
    assert.match(errorOf(group('GROUP BY ,')).message, /GROUP BY column/)
    assert.match(errorOf(group('GROUP BY sensor_id EMIT CHANGE')).message, /nearest valid form is: CHANGES/)
  })
})

describe('a statement of tables that is given to sluice sql', () => {
  const refusal = (statement: string) => {
    try {
      refuseDeclarations(statement)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }

  for (const statement of [
    STREAM,
    TABLE.replace('GROUP', `${WINDOW} GROUP`),
    `${TABLE.slice(0, -1)} EMIT CHANGES;`,
    'DROP STREAM f73',
    `-- mine\n/* a */ ${STREAM}`,
    `SELECT 1; ${STREAM}`,
  ])
    it(`given ${statement}, then it is refused with where it belongs`, () => {
      assert.match(
        refusal(statement) ?? '',
        new RegExp(`^statement:\\d:\\d+  (?:${DECLARED.replaceAll(/[*.]/g, '\\$&')}|expected)`),
      )
    })

  it('given one with an error of its own, then that is its reason, before DuckDB sees it', () => {
    const language =
      /STREAM|SOURCE|SINK|MATERIALIZED|CONNECT|STREAMING|PRINT|SUBSCRIBE|TERMINATE|EMIT|TUMBL|HOP|CUMULATE|SESSION|ENFORCED|WITH \(\w|WITH \('/
    const asked = PASTED.map(([statement]) => statement).filter(statement => language.test(statement))
    assert.ok(asked.length > 30)
    for (const statement of asked) {
      const reason = refusal(statement)
      // A question that is in the language is refused by the tables of the plan.
      if (reason === undefined) assert.equal(parse(statement)[0]?.kind, 'select')
      else assert.match(reason, /^statement:\d+:\d+ /)
    }
  })

  for (const statement of [
    "SELECT 'CREATE STREAM x; EMIT CHANGES' FROM readings",
    '-- WINDOW TUMBLING (SIZE 1 HOUR)\nSELECT 1',
    'SELECT emit FROM readings',
    'CREATE TABLE t AS SELECT source, sink FROM readings; SELECT * FROM t',
    'CREATE VIEW source AS SELECT 1',
    'WITH x AS (SELECT 1 AS a) SELECT * FROM x WHERE a = 1',
    'SELECT sum(x) OVER w FROM readings WINDOW w AS (PARTITION BY subject)',
    "SELECT time_bucket(INTERVAL '1 hour', time) FROM readings",
  ])
    it(`given ${statement} for DuckDB, then it is passed on`, () => {
      assert.equal(refusal(statement), undefined)
    })
})
