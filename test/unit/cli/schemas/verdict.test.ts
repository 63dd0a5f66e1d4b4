import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { listText, planText } from '../../../../cli/schemas/text.ts'
import { type RegisteredSchema, verdictOf } from '../../../../cli/schemas/verdict.ts'
import { diffOf } from '../../../../lib/queries/text-diff.ts'

const shipped = { type: 't.v1', format: 'avro', subject: 'topic-t.v1.T', text: '{"a":1,"b":2}' } as const
const NOTHING: RegisteredSchema = {
  id: undefined,
  latest: undefined,
  rule: 'BACKWARD',
  compatibility: undefined,
}
const latest = { version: 3, text: '{"a":1,"b":"3"}' }
const reasons = ['READER_FIELD_MISSING at /b']

describe('given what a registry has', () => {
  for (const [what, registered, standing, line] of [
    ['the schema', { ...NOTHING, id: 7, latest }, 'registered', /has all packaged schemas \(1\)\./],
    ['no such subject', NOTHING, 'new', /^\+ topic-t\.v1\.T: its first version$/m],
    [
      'a version that it is compatible with',
      { ...NOTHING, latest, compatibility: { isCompatible: true, reasons: [] } },
      'compatible',
      /^~ topic-t\.v1\.T: version 4 \(BACKWARD: the new schema reads data of the last version\)$/m,
    ],
    [
      'a version that it is not compatible with',
      { ...NOTHING, latest, compatibility: { isCompatible: false, reasons } },
      'incompatible',
      /^! topic-t\.v1\.T: refused, because it is not compatible with version 3 .*\n {4}READER_FIELD_MISSING at \/b$/m,
    ],
  ] as const)
    test(`when it is ${what}, then the schema is ${standing}`, () => {
      const verdict = verdictOf(shipped, registered)
      assert.equal(verdict.standing, standing)
      const report = { env: 'test', registry: 'http://registry', schemas: [verdict] }
      assert.match(planText(report), line)
      assert.match(listText(report), /t\.v1 +avro/)
    })

  test('when the last version differs, then the lines that differ are shown, without control characters', () => {
    const compatibility = { isCompatible: false, reasons: ['\u001b[31mred'] }
    const verdict = verdictOf(shipped, { ...NOTHING, latest, compatibility })
    const text = planText({ env: 'test', registry: 'http://registry', schemas: [verdict] })
    assert.match(text, /^ {4}\+ {3}"b": 2$/m)
    assert.match(text, /^ {4}- {3}"b": "/m)
    assert.ok(!text.includes('\u001b'))
  })
})

describe('given a schema that the registry refuses', () => {
  const avro = (type: string, doc: string) =>
    JSON.stringify({ type: 'record', name: 'R', doc, fields: [{ name: 'a', type, doc }] })
  const compatibility = { isCompatible: false, reasons: ['TYPE_MISMATCH at /fields/0/type: reader type'] }
  const before = { version: 1, text: avro('int', 'old words') }
  const textBy = (rule: string, text = avro('long', 'new words')) =>
    planText({
      env: 'test',
      registry: 'http://registry',
      schemas: [verdictOf({ ...shipped, text }, { ...NOTHING, latest: before, rule, compatibility })],
    })

  test('when it is shown, then the reason comes first, and the line that breaks is marked', () => {
    const lines = textBy('BACKWARD').split('\n')
    assert.match(lines[0] ?? '', /^! /)
    assert.equal(lines[1], '    TYPE_MISMATCH at /fields/0/type: reader type')
    assert.deepEqual(
      lines.filter(line => /^ {4}[+-] /.test(line)),
      ['    -       "type": "int"', '    +       "type": "long"  <-- breaks'],
    )
  })

  test('when the old schema is to read the new one, then the line of the old one is marked', () => {
    assert.match(textBy('FORWARD'), /^ {4}- +"type": "int" {2}<-- breaks\n {4}\+ +"type": "long"$/m)
    assert.doesNotMatch(textBy('FULL'), /<--/)
  })

  test('when documentation differs, then it is not shown', () => {
    assert.doesNotMatch(textBy('BACKWARD'), /doc|words/)
    assert.match(textBy('BACKWARD', avro('int', 'new words')), /^ {4}\(only documentation differs\)$/m)
  })
})

test("given a subject without a known rule, when it is listed, then its rule is the registry's default", () => {
  const schemas = [verdictOf(shipped, { ...NOTHING, rule: undefined })]
  const text = listText({ env: 'test', registry: 'http://registry', schemas })
  assert.match(text, /^TYPE +FORMAT +STATUS +ID +VERSION +RULE +SUBJECT$/m)
  assert.match(text, /^t\.v1 +avro +not registered +- +- +registry's default +topic/m)
})

describe('given two texts', () => {
  test('when they are equal, then there is no difference', () => {
    assert.deepEqual(diffOf('a\nb\n', 'a\nb'), [])
  })

  test('when a line is added and one is gone, then both are signed, with two lines around', () => {
    const lines = diffOf('1\n2\n3\n4\n5\n6\n7\n8', '1\n2\n3\n4\nnew\n5\n6\n7')
    assert.deepEqual(
      lines.map(({ sign, text }) => sign + text),
      [' 3', ' 4', '+new', ' 5', ' 6', ' 7', '-8'],
    )
  })
})
