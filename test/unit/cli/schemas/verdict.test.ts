import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { listText, planText } from '../../../../cli/schemas/text.ts'
import { type RegisteredSchema, verdictOf } from '../../../../cli/schemas/verdict.ts'
import { diffOf } from '../../../../lib/queries/text-diff.ts'
import { golden } from '../../../support/golden.ts'

const shipped = { type: 't.v1', format: 'avro', subject: 'topic-t.v1.T', text: '{"a":1,"b":2}' } as const
const NOTHING: RegisteredSchema = {
  id: undefined,
  latest: undefined,
  rule: 'BACKWARD',
  compatibility: undefined,
}
const latest = { version: 3, text: '{"a":1,"b":"3"}' }
const refused = (...reasons: string[]) => ({ isCompatible: false, reasons })
const avro = (type: string, doc: string) =>
  JSON.stringify({ type: 'record', name: 'R', doc, fields: [{ name: 'a', type, doc }] })

describe('given what a registry has', () => {
  it('then the verdict of each schema, its list and its plan are as the golden text says', () => {
    const text = (registered: Partial<RegisteredSchema>, schema: string = shipped.text) => {
      const verdict = verdictOf({ ...shipped, text: schema }, { ...NOTHING, ...registered })
      const report = { env: 'test', registry: 'http://registry', schemas: [verdict] }
      return `${verdict.standing}\n${listText(report)}${planText(report)}`
    }
    const before = { version: 1, text: avro('int', 'old words') }
    const breaking = (rule: string, schema = avro('long', 'new words')) =>
      text({ latest: before, rule, compatibility: refused('TYPE_MISMATCH at /fields/0/type: int') }, schema)
    golden('schemas', {
      'the schema': text({ id: 7, latest }),
      'no such subject, without a rule': text({ rule: undefined }),
      'a compatible version': text({ latest, compatibility: { isCompatible: true, reasons: [] } }),
      'an incompatible version': text({ latest, compatibility: refused('MISSING at /b', '\u001b[31mred') }),
      'a line that breaks': breaking('BACKWARD'),
      'a line of the old schema that breaks': breaking('FORWARD'),
      'both directions': breaking('FULL'),
      'only words differ': breaking('BACKWARD', avro('int', 'new words')),
    })
  })
})

test('given two texts, then lines that differ are signed, with two lines around', () => {
  assert.deepEqual(diffOf('a\nb\n', 'a\nb'), [])
  const lines = diffOf('1\n2\n3\n4\n5\n6\n7\n8', '1\n2\n3\n4\nnew\n5\n6\n7')
  assert.deepEqual(
    lines.map(({ sign, text }) => sign + text),
    [' 3', ' 4', '+new', ' 5', ' 6', ' 7', '-8'],
  )
})
