import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ChangingStatement,
  type EditedStatements,
  editStatements,
} from '../../../../lib/operations/views/local-statements.ts'
import { compilePlan, type StatementFile } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { FAMILIES } from '../../../support/families.ts'

const STREAM = "CREATE STREAM r (activity VARCHAR, x DOUBLE) WITH (KAFKA_TOPIC = 'readings');"
const tableText = (name: string, value = 'COUNT(*)') =>
  `CREATE TABLE ${name} AS SELECT activity, ${value} AS n FROM r GROUP BY activity;`
const LOCAL = 'v/local.sql'
const SHIPPED: StatementFile = { name: 'v/a.sql', text: `${STREAM}\n${tableText('shipped')}` }

/** Carries out statements one after another, as if each were applied. */
function edit(statements: readonly string[], local = '', { inForce = '', isNoted = false } = {}) {
  const file = { name: LOCAL, text: local }
  let files = local === '' ? [SHIPPED] : [SHIPPED, file]
  let plan = createActivatedPlan(compilePlan(FAMILIES, [...files, { name: 'x', text: inForce }], parse), [])
  let edited: EditedStatements | { readonly notice: string } = { notice: '' }
  for (const text of statements) {
    edited = editStatements(FAMILIES, files, LOCAL, parse(text)[0] as ChangingStatement, plan, isNoted)
    if ('notice' in edited) return { notice: edited.notice, plan, text: '' }
    files = [SHIPPED, { name: LOCAL, text: edited.text }]
    plan = createActivatedPlan(edited.wanted, [])
    assert.deepEqual(edited.packaged, compilePlan(FAMILIES, files, parse))
  }
  return { notice: undefined, plan, text: 'text' in edited ? edited.text : '' }
}

const namesOf = ({ plan }: ReturnType<typeof edit>) => [
  ...plan.streams.map(({ name }) => name),
  ...plan.tables.map(({ name }) => name),
]

describe('statements that are typed', () => {
  it('given CREATE and DROP, then the file has what is in force, and its other text stays', () => {
    const first = edit([tableText('a'), tableText('b')])
    assert.match(first.text, /^-- Statements.*\nCREATE TABLE a.*;\nCREATE TABLE b.*;\n$/)
    assert.deepEqual(namesOf(first), ['r', 'shipped', 'a', 'b'])
    const written = `-- mine\n${tableText('a')} -- why\n/* more */\nCREATE STREAM s (x INT) WITH (KAFKA_TOPIC = 'alerts')`
    assert.equal(
      edit(['CREATE OR REPLACE TABLE A AS SELECT activity, MAX(x) AS n FROM r GROUP BY activity;'], written)
        .text,
      written
        .replace(
          tableText('a'),
          'CREATE OR REPLACE TABLE A AS SELECT activity, MAX(x) AS n FROM r GROUP BY activity;\n',
        )
        .replace('\n -- why', '\n-- why'),
    )
    assert.equal(edit([tableText('b')], written).text, `${written};\n${tableText('b')}\n`)
    const dropped = edit(['DROP STREAM s;', 'DROP TABLE a DELETE TOPIC'], written)
    assert.equal(dropped.text, '-- mine\n-- why\n/* more */\n')
    assert.deepEqual(namesOf(dropped), ['r', 'shipped'])
  })

  it('given comments at the end of statements, then the next statements are no part of them', () => {
    const commented = `${tableText('a').slice(0, -1)} -- hello\n;`
    const first = edit([commented, tableText('b')])
    assert.match(first.text, /hello\n;\nCREATE TABLE b/)
    assert.deepEqual(namesOf(first), ['r', 'shipped', 'a', 'b'])
    const written = `${tableText('a')}\n${tableText('b').slice(0, -1)} -- no semicolon`
    assert.equal(edit([tableText('c')], written).text, `${written}\n;\n${tableText('c')}\n`)
    assert.equal(edit(['DROP TABLE a'], written).text, written.slice(written.indexOf('CREATE TABLE b')))
  })

  it('given DROP of a table that no file declares, then the file keeps its text', () => {
    const dropped = edit(['DROP TABLE b'], tableText('a'), { inForce: tableText('b') })
    assert.equal(dropped.text, tableText('a'))
    assert.deepEqual(namesOf(dropped), ['r', 'shipped', 'a'])
  })

  it('given another stream, then the tables over it are built anew', () => {
    const local =
      "CREATE STREAM s (n INT) WITH (KAFKA_TOPIC = 'readings'); CREATE TABLE t AS SELECT n, COUNT(*) AS c FROM s GROUP BY n;"
    const before = edit([tableText('a')], local)
    const after = edit(["CREATE OR REPLACE STREAM s (n VARCHAR) WITH (KAFKA_TOPIC = 'readings')"], local)
    const generationOf = ({ plan }: typeof before) => plan.tables.find(({ name }) => name === 't')?.generation
    assert.notEqual(generationOf(after), generationOf(before))
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [tableText('a'), '', /The table a already exists\. Use CREATE OR REPLACE/],
    [tableText('r'), '', /The stream r already exists/],
    [tableText('r').replace('CREATE', 'CREATE OR REPLACE'), '', /r is a stream, not a table/],
    [
      'DROP TABLE shipped',
      '',
      /shipped is declared in v\/a\.sql\. Change it there, then run `sluice views apply`/,
    ],
    ['DROP TABLE nothing', '', /There is no table nothing/],
    ['DROP STREAM a', '', /a is a table, not a stream/],
    [
      "CREATE STREAM b (x INT) WITH (KAFKA_TOPIC = 'nowhere')",
      '',
      /statement:1:45 {2}nowhere is neither a topic of Sluice nor an input\. .* config\/inputs\.yaml: - topic: nowhere/,
    ],
    [
      "-- a comment\n  CREATE OR REPLACE STREAM r2 (x INT)\nWITH (KAFKA_TOPIC = 'nowhere')",
      tableText('a'),
      /statement:3:21 {2}nowhere is neither a topic/,
    ],
    [
      "CREATE OR REPLACE STREAM s (m INT) WITH (KAFKA_TOPIC = 'readings')",
      "CREATE STREAM s (n INT) WITH (KAFKA_TOPIC = 'readings');\n\nCREATE TABLE t AS SELECT n, COUNT(*) AS c FROM s GROUP BY n;",
      /v\/local\.sql:\d+:\d+ {2}unknown column n/,
    ],
    [
      'DROP STREAM s',
      "CREATE STREAM s (n INT) WITH (KAFKA_TOPIC = 'readings'); CREATE TABLE t AS SELECT n, COUNT(*) AS c FROM s GROUP BY n;",
      /s is in use, so it is not dropped: unknown stream s; known: r/,
    ],
  ]
  for (const [text, local, message] of refused)
    it(`given ${text}, then it is refused with what to do`, () => {
      assert.throws(() => edit([text], local || tableText('a')), message)
    })

  it('given IF [NOT] EXISTS, then a notice says that there is nothing to change', () => {
    assert.match(edit(['DROP TABLE IF EXISTS z']).notice ?? '', /There is no table z/)
    const again = tableText('a').replace('TABLE', 'TABLE IF NOT EXISTS')
    assert.match(edit([again], tableText('a')).notice ?? '', /already exists/)
  })

  it('given a statement that was noted before a crash, then the plan may have its table already', () => {
    const text = tableText('a')
    assert.throws(() => edit([text], '', { inForce: text }), /already exists/)
    assert.match(edit([text], '', { inForce: text, isNoted: true }).text, /CREATE TABLE a/)
  })
})
