import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { editStatements } from '../../../../control/statements/local-statements.ts'
import { listAside } from '../../../../control/statements/statements.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import type { ChangingStatement, StatementFile } from '../../../../lib/views/language/syntax.ts'
import type { ViewPlan } from '../../../../lib/views/plan.ts'
import { FAMILIES } from '../../../support/families.ts'

const STREAM = "CREATE STREAM r (activity VARCHAR, x DOUBLE) WITH (KAFKA_TOPIC = 'readings');"
const tableText = (name: string, value = 'COUNT(*)') =>
  `CREATE TABLE ${name} AS SELECT activity, ${value} AS n FROM r GROUP BY activity;`
const LOCAL = 'v/local.sql'
const SHIPPED: StatementFile = { name: 'v/a.sql', text: `${STREAM}\n${tableText('shipped')}` }

const listNames = ({ streams, tables }: ViewPlan) => [...streams, ...tables].map(({ name }) => name)

/** Carries out statements one after another. */
function edit(statements: readonly string[], before = '', inForce = '') {
  let local = before
  const files = () => (local === '' ? [SHIPPED] : [SHIPPED, { name: LOCAL, text: local }])
  const compile = (...more: readonly StatementFile[]) => compilePlan(FAMILIES, [...files(), ...more], parse)
  for (const text of statements) {
    const statement = parse(text)[0] as ChangingStatement
    const edited = editStatements(files(), LOCAL, statement, compile({ name: 'x', text: inForce }))
    if ('notice' in edited) return { notice: edited.notice, names: [], text: '' }
    const plan = compilePlan(FAMILIES, edited.files, parse)
    local = edited.text
    assert.deepEqual(listNames(compile()), listNames(plan))
  }
  return { notice: '', names: listNames(compile()), text: local }
}

describe('statements that are typed', () => {
  it('given CREATE and DROP, then the file has what is in force, and its other text stays', () => {
    const first = edit([tableText('a'), tableText('b')])
    assert.match(first.text, /^-- Statements.*\nCREATE TABLE a.*;\nCREATE TABLE b.*;\n$/)
    assert.deepEqual(first.names, ['r', 'shipped', 'a', 'b'])
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
    assert.deepEqual(dropped.names, ['r', 'shipped'])
  })

  it('given comments at the end of statements, then the next statements are no part of them', () => {
    const commented = `${tableText('a').slice(0, -1)} -- hello\n;`
    const first = edit([commented, tableText('b')])
    assert.match(first.text, /hello\n;\nCREATE TABLE b/)
    assert.deepEqual(first.names, ['r', 'shipped', 'a', 'b'])
    const written = `${tableText('a')}\n${tableText('b').slice(0, -1)} -- no semicolon`
    assert.equal(edit([tableText('c')], written).text, `${written}\n;\n${tableText('c')}\n`)
    assert.equal(edit(['DROP TABLE a'], written).text, written.slice(written.indexOf('CREATE TABLE b')))
  })

  it('given DROP of a table that no file declares, then the file keeps its text', () => {
    const dropped = edit(['DROP TABLE b'], tableText('a'), tableText('b'))
    assert.equal(dropped.text, tableText('a'))
    assert.deepEqual(dropped.names, ['r', 'shipped', 'a'])
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [tableText('a'), '', /The table a already exists\. Use CREATE OR REPLACE/],
    [tableText('r'), '', /The stream r already exists/],
    [tableText('r').replace('CREATE', 'CREATE OR REPLACE'), '', /r is a stream, not a table/],
    ['DROP TABLE shipped', '', /shipped is declared in v\/a\.sql\. Remove it there first\./],
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
      /v\/local\.sql:1:\d+ {2}unknown stream s; known: r/,
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

  describe('given the name of an example that ships', () => {
    const EXAMPLE = { name: 'v/device_ksql.sql', text: `${STREAM}\n${tableText('counts')}`, savedAtMs: 1 }
    const OTHER = "CREATE STREAM r (model VARCHAR) WITH (KAFKA_TOPIC = 'readings');"
    const OWN = 'CREATE TABLE counts AS SELECT model, COUNT(*) AS n FROM r GROUP BY model;'
    const inForce = compilePlan(FAMILIES, [EXAMPLE], parse)
    /** Sends statements to the file with a text, which was saved after the examples. */
    const send = (statements: readonly string[], text = '', example: StatementFile = EXAMPLE) =>
      statements.reduce((local, text) => {
        const files = [example, { name: LOCAL, text: local, savedAtMs: 2 }]
        const edited = editStatements(files, LOCAL, parse(text)[0] as ChangingStatement, inForce)
        assert.ok('text' in edited)
        const [typed, written] = [edited.files, [example, { name: LOCAL, text: edited.text }]].map(files =>
          listNames(compilePlan(FAMILIES, files, parse)),
        )
        assert.deepEqual(written, typed)
        return edited.text
      }, text)
    const list = (...files: readonly StatementFile[]) => ({
      names: listNames(compilePlan(FAMILIES, files, parse)),
      aside: listAside(files).map(({ name, isReplaced }) => `${name} ${isReplaced ? 'replaced' : 'dropped'}`),
    })
    const DROPPED = 'DROP TABLE counts;'
    const BOTH_ASIDE = ['r replaced', 'counts replaced']

    for (const [statements, names, aside] of [
      [[tableText('counts', 'MAX(x)')], ['r', 'counts'], ['counts replaced']],
      [[OTHER], ['r'], BOTH_ASIDE],
      [[OTHER, OWN], ['r', 'counts'], BOTH_ASIDE],
      [[OTHER, OWN, DROPPED], ['r'], BOTH_ASIDE],
      [[OTHER, OWN, DROPPED, 'DROP STREAM r'], ['r'], ['counts dropped']],
      [[DROPPED], ['r'], ['counts dropped']],
      [[DROPPED, 'DROP STREAM r'], [], ['r dropped', 'counts dropped']],
      [[DROPPED, tableText('counts', 'MAX(x)')], ['r', 'counts'], ['counts replaced']],
      [[tableText('counts', 'MAX(x)'), DROPPED], ['r'], ['counts dropped']],
    ] as const)
      it(`and ${statements.join(' ')}, then there are ${names.join(', ') || 'none'}`, () => {
        const text = send(statements)
        assert.deepEqual(list(EXAMPLE, { name: LOCAL, text, savedAtMs: 2 }), { names, aside })
      })

    it('and a DROP, then it holds until the file of the example is saved, and leaves its own file with the next', () => {
      const text = send([DROPPED])
      const saved = { ...EXAMPLE, savedAtMs: 3 }
      const local = { name: LOCAL, text, savedAtMs: 2 }
      assert.deepEqual(list(saved, local), { names: ['r', 'counts'], aside: [] })
      assert.doesNotMatch(send([tableText('a')], text, saved), /DROP/)
      assert.match(send([DROPPED], text, saved), /DROP TABLE counts;\n$/)
    })

    it('and the statements of a file of another name, then they replace the examples', () => {
      const mine = { name: 'v/mine.sql', text: `${OTHER}\n${OWN}` }
      assert.deepEqual(list(EXAMPLE, mine), { names: ['r', 'counts'], aside: BOTH_ASIDE })
      assert.throws(() => list(mine, { ...mine, name: 'v/more.sql' }), /r is declared twice/)
    })

    it('and IF NOT EXISTS, or a DROP of a stream that examples read, then nothing steps aside', () => {
      const sent = (text: string) =>
        editStatements([EXAMPLE], LOCAL, parse(text)[0] as ChangingStatement, inForce)
      assert.deepEqual(sent(OWN.replace('TABLE', 'TABLE IF NOT EXISTS')), {
        notice: 'The table counts already exists.',
      })
      const dropped = sent('DROP STREAM r')
      assert.ok('files' in dropped)
      assert.throws(() => compilePlan(FAMILIES, dropped.files, parse), /unknown stream r/)
    })
  })
})
