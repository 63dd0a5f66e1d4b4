import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listFalls } from '../peer-suites/figures.ts'
import { type KsqlCase, runKsqlCase } from '../peer-suites/ksql-case.ts'

const STREAM =
  "CREATE STREAM test (a VARCHAR KEY, b BIGINT, c DOUBLE) WITH (kafka_topic='test', value_format='JSON');"
const COUNT = 'CREATE TABLE output AS SELECT a, b, COUNT(*) AS n FROM test GROUP BY a, b;'

const run = (statement: string, outputs: KsqlCase['outputs']) =>
  runKsqlCase({
    name: 'a case',
    statements: [STREAM, statement],
    inputs: [{ topic: 'test', key: 'x', value: { b: 1, c: 1 } }],
    outputs,
  } as KsqlCase)

describe('a case of ksqlDB', () => {
  it('given the value and the key, then it is equal; given another key, or none, then it is different', () => {
    const select = 'CREATE STREAM output AS SELECT a, b FROM test;'
    const outcome = (statement: string, value: object, key?: unknown) =>
      run(statement, [{ topic: 'OUTPUT', key, value }]).outcome
    assert.equal(outcome(select, { B: 1 }, 'x'), 'equal')
    for (const key of ['WRONG', null, { A: 'WRONG' }])
      assert.equal(outcome(select, { B: 1 }, key), 'different')
    for (const key of ['x,1', '"x",1', { A: 'x', B: 1 }]) assert.equal(outcome(COUNT, { N: 1 }, key), 'equal')
    for (const key of ['x,2', 'x', { A: 'x' }, { A: 'x', B: 2 }])
      assert.equal(outcome(COUNT, { N: 1 }, key), 'different')
  })

  it('given a function that the language lacks, a use that it refuses, or two topics, then each is counted apart', () => {
    const table = (of: string, by: string) =>
      `CREATE TABLE output AS SELECT ${by}, ${of} AS n FROM test GROUP BY ${by};`
    assert.equal(run(table('VAR_ARG(b)', 'a'), []).outcome, 'lacking')
    assert.equal(run(table('COUNT(*)', 'c'), []).outcome, 'refused')
    assert.equal(run(COUNT, [{ topic: 'OUTPUT' }, { topic: 'OTHER' }]).outcome, 'apart')
  })
})

it('given fewer equal cases than before, or more that failed, then the suite is named; given more, it is not', () => {
  const counts = (equal: number, failed = 0) => ({
    ksqlDB: { equal, failed, different: 9, lacking: 9, refused: 9, apart: 9 },
  })
  const figures = { ksqlDB: { equal: 5, failed: 0 } }
  for (const now of [counts(4), counts(6, 1)])
    assert.match(listFalls(figures, now)[0] ?? '', /^ksqlDB: 5 were equal/)
  for (const now of [counts(5), counts(6)]) assert.deepEqual(listFalls(figures, now), [])
  assert.deepEqual(listFalls({}, counts(0)), [])
})
