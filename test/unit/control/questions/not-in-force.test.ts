import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeRefusal, noteSaved } from '../../../../control/queries/saved-files.ts'
import {
  describeNotInForce,
  type ForceFacts,
  listNotInForce,
} from '../../../../control/questions/not-in-force.ts'
import { parseRules } from '../../../../lib/alerting/parse-rules.ts'
import { FAMILIES } from '../../../support/families.ts'

const NOW_MS = 1_000_000_000
const savedMs = NOW_MS - 40 * 60_000
const file = 'config/rules/press.yaml'

const rules = (...names: string[]) => {
  const rows = names.map(name => ({
    name,
    family: 'environment',
    metric: 'temperature',
    fireAbove: 40,
    severity: 'info',
  }))
  return parseRules(FAMILIES, { rules: rows }).rules
}
const ruleFacts = (over: Partial<NonNullable<ForceFacts['rules']>> = {}): ForceFacts => ({
  saves: [],
  rules: {
    files: [{ file, text: '', savedMs, errors: [], rules: rules('HOT', 'WARM', 'MILD') }],
    ...{ active: rules('HOT'), isAppended: true, ...over },
  },
})
const say = (facts: ForceFacts) => describeNotInForce(listNotInForce(facts), NOW_MS)
const error = `${file}:3:5  WARM.severity: must be info`
const save = { path: file, kind: 'rule', sinceMs: savedMs, reason: `refused: ${error}` } as const
const table = { name: 'beds', statement: 'CREATE TABLE beds AS SELECT 1;' }
const tables = (text: string, file = 'config/views/beds.sql') => ({
  saves: [],
  tables: { files: [{ file, text, savedMs }], readable: [table], reason: 'it is being built' },
})

for (const [given, facts, sentences] of [
  ['rules that are all active', ruleFacts({ active: rules('MILD', 'WARM', 'HOT') }), []],
  [
    'rules in the log that alerting has not reached',
    ruleFacts(),
    [
      `The rules WARM, MILD of ${file}, saved 40 min ago, are not in force: alerting first has to read the records before it.`,
    ],
  ],
  [
    'a rule that the log does not have',
    ruleFacts({ active: rules('HOT', 'WARM'), isAppended: false }),
    [
      `The rule MILD of ${file}, saved 40 min ago, is not in force: the function clock appends it to the log within a minute, once the functions run.`,
    ],
  ],
  ...[[save], []].map(
    saves =>
      [
        `a file with an error that the reload has ${saves.length > 0 ? 'refused' : 'not seen'}`,
        {
          saves,
          rules: {
            files: [{ file, text: '', savedMs, errors: [error], rules: [] }],
            active: [],
            isAppended: false,
          },
        },
        [`${file}, saved 40 min ago, is not in force: refused: ${error}.`],
      ] as const,
  ),
  ['a table in force', tables(`-- CREATE TABLE other\n${table.statement}`), []],
  ['an example, which may step aside', tables('CREATE TABLE other AS', 'config/views/transitions.sql'), []],
  [
    'a table with another statement, and a new one',
    tables('CREATE OR REPLACE TABLE Beds AS SELECT 2; create table roofs as'),
    [
      'The tables Beds, roofs of config/views/beds.sql, saved 40 min ago, are not in force: it is being built.',
    ],
  ],
  [
    'a mapping and a silence, without facts about rules and tables',
    {
      saves: [
        { path: 'config/mappings/a.yaml', kind: 'input', sinceMs: NOW_MS, reason: 'it is being reloaded' },
      ],
      silence: { name: '3fa91c20', sinceMs: NOW_MS - 5_000 },
    },
    [
      'config/mappings/a.yaml, saved 0 s ago, is not in force: it is being reloaded.',
      'The silence 3fa91c20, saved 5 s ago, is not in force: the function clock appends it to the log within a minute, once the functions run.',
    ],
  ],
] as const satisfies readonly (readonly [string, ForceFacts, readonly string[]])[])
  describe('saved things that are not in force', () => {
    it(`given ${given}, then each is named with time and reason`, () =>
      assert.deepEqual(say(facts), sentences))
  })

describe('the list of saved files', () => {
  it('given refused files, when a reload of the kind succeeds, then none of them is listed, and others stay', () => {
    const reason = describeRefusal(['a.yaml:1:1  no', 'b.yaml:1:1  no'])
    assert.equal(reason, 'refused: a.yaml:1:1  no (and 1 more)')
    const refused = noteSaved(noteSaved([], 'family', ['f'], reason, 1), 'rule', ['a'], reason, 2)
    const again = noteSaved(refused, 'rule', ['a', 'b'], reason, 3)
    assert.deepEqual(
      again.map(({ path, sinceMs }) => [path, sinceMs]),
      [
        ['f', 1],
        ['a', 2],
        ['b', 3],
      ],
    )
    assert.deepEqual(
      noteSaved(again, 'rule', ['b'], '', 4).map(({ path }) => path),
      ['f'],
    )
  })
})

it('given several files that are saved at once, then one sentence names them', () => {
  const saves = ['a', 'b'].map(name => ({
    ...({ kind: 'code', path: `lib/${name}.ts` } as const),
    ...{ sinceMs: savedMs, reason: 'it is being reloaded' },
  }))
  assert.deepEqual(say({ saves }), [
    'lib/a.ts, lib/b.ts, saved 40 min ago, are not in force: it is being reloaded.',
  ])
})
