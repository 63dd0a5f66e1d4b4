import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadInputs } from '../../../lib/intake/adapters/load-inputs.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { FileError } from '../../../lib/support/file-errors.ts'
import { FAMILIES } from '../../support/families.ts'

const getError = (text: string) => {
  try {
    readInputs(text, 'inputs.yaml', 'test')
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

describe('names in the file of inputs', () => {
  const event = (schema: string) =>
    `inputs: [{ topic: a, to: events, as: { type: a.b, subject: s, time: record, schema: ${schema} } }]`

  for (const [given, text, message] of [
    ['a topic', 'inputs: [{ topic: __proto__ }]', /topic: has the wrong form. Name of the topic/],
    ['a topic of dots', 'inputs: [{ topic: .. }]', /topic: has the wrong form. Name of the topic/],
    [
      'a mapping',
      'inputs: [{ topic: a, mappings: [__proto__] }]',
      /mappings.0: has the wrong form. Names of files/,
    ],
    [
      'a path in a mapping',
      'inputs: [{ topic: a, mappings: [../a] }]',
      /mappings.0: has the wrong form. Names of files/,
    ],
    [
      'a path upwards',
      event('inputs/../../package.json'),
      /schema: has the wrong form. File with the JSON Schema/,
    ],
    [
      'a path that begins upwards',
      event('../package.json'),
      /schema: has the wrong form. File with the JSON Schema/,
    ],
    ['a hidden file', event('inputs/.secret.json'), /schema: has the wrong form. File with the JSON Schema/],
    ['an absolute path', event('/etc/a.json'), /schema: has the wrong form. File with the JSON Schema/],
    ['a file in a folder', event('inputs/shop/order.v1.json'), /^no error$/],
    ['a topic that begins with _', 'inputs: [{ topic: _internal.x }]', /^no error$/],
    [
      'an unknown part of a record',
      'inputs: [{ topic: a, to: events, as: { type: a.b, subject: { partition: 1 }, time: record } }]',
      /subject.partition: unknown key. Use key, topic, /,
    ],
  ] as const)
    it(`given ${given}, then the answer is ${message}`, () => assert.match(getError(text), message))
})

describe('the schema of the events of an input', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inputs-'))
  after(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'inputs'))
  const load = async (schema: object) => {
    await writeFile(join(folder, 'inputs', 'order.json'), JSON.stringify(schema))
    const inputs = readInputs(
      'inputs: [{ topic: a, to: events, as: { type: a.b, subject: s, time: record, schema: inputs/order.json } }]',
      'inputs.yaml',
      'test',
    )
    const loaded = await loadInputs(FAMILIES, inputs, {
      file: join(folder, 'inputs.yaml'),
      folder,
      shown: 'inputs.yaml',
      env: 'test',
    })
    return (data: unknown) => loaded.get('a')?.findViolation?.(data)
  }
  // A backtracking engine would try 2 to the power of the length ways.
  const SLOW = '^([A-Z0-9]+-?)+$'
  const text = `${'A'.repeat(50_000)}!`

  for (const [keyword, schema, valid, broken] of [
    ['pattern', { properties: { s: { pattern: SLOW } } }, { s: 'A-1' }, { s: text }],
    [
      'patternProperties',
      { patternProperties: { [SLOW]: { type: 'number' } }, additionalProperties: false },
      { 'A-1': 1 },
      { [text]: 1 },
    ],
    ['propertyNames', { propertyNames: { pattern: SLOW } }, { 'A-1': 1 }, { [text]: 1 }],
  ] as const)
    it(`given ${keyword}, then it is matched in linear time`, async () => {
      const findViolation = await load(schema)
      assert.equal(findViolation(valid), undefined)
      assert.match(String(findViolation(broken)), /data|\/s/)
    })

  it('given a pattern that cannot be matched in linear time, then the schema is refused with its file', async () => {
    for (const pattern of ['^(?=a)', '(a)\\1', '('])
      await assert.rejects(load({ properties: { s: { pattern } } }), (error: Error) => {
        assert.ok(error instanceof FileError)
        assert.match(error.message, /^inputs\/order.json: the schema of the input a is not valid: /)
        return true
      })
  })

  it('given such patterns and unknown mappings, then all are named with their places in the file of inputs', async () => {
    const text =
      "inputs:\n  - { topic: a, to: events, as: { type: a.b, subject: { from: s, pattern: '(a)\\1' }, time: record, id: [s, { from: s, pattern: 'a' }] } }\n  - { topic: '{b,c}.{env}', mappings: [devise] }\n"
    const file = join(folder, 'inputs.yaml')
    await writeFile(file, text)
    await writeFile(join(folder, 'device.yaml'), '')
    await assert.rejects(
      loadInputs(FAMILIES, readInputs(text, file, 'test'), {
        file,
        folder,
        env: 'test',
        shown: 'i.yaml',
        shownFolder: 'mine',
      }),
      {
        message:
          /\n {2}i.yaml:2:\d+ {2}a.as.subject.pattern: is not a regular .*\n {2}i.yaml:2:\d+ {2}a.as.id.1.pattern: must have one group.*\n {2}i.yaml:3:40 {2}\{b,c\}\.\{env\}.mappings.0: unknown mapping of mine. Did you mean device\?$/,
      },
    )
  })

  it('given a format, then it is an annotation', async () => {
    assert.equal((await load({ properties: { s: { format: 'regex' } } }))({ s: '(' }), undefined)
  })
})
