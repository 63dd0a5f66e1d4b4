import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { readPolicy } from '../../../lib/failures/parse-policy.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { readReceivers } from '../../../lib/notification/parse-receivers.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { readFamilies } from '../../../lib/telemetry/parse-family.ts'
import { FAMILIES } from '../../support/families.ts'
import { GOLDENS, listErrorLines } from '../../support/golden.ts'

/** Place, key, and a message of one of the forms that the reader has. */
const LINE = /^[\w./-]+:\d+:\d+ {2}\S.*$/

// biome-ignore format: a table
const MIXED: readonly (readonly [what: string, read: (text: string) => unknown, text: string, ...lines: RegExp[]])[] = [
  ['rules', text => readRules(FAMILIES, [{ file: 'f', text }]),
    'rules:\n  - { name: A, family: oven, metric: x, fireAbove: 1, severity: fatal }\n  - { name: A, famly: device, metric: x, fireAbove: a, severity: info }\n',
    /2:16 {2}A.family: unknown family/, /2:55 {2}A.severity: unknown value/, /3:7 {2}A.name: A is already in f/, /A.family: is missing/, /A.famly: unknown key. Did you mean family/, /A.fireAbove: must be a number, not a text/],
  ['families', text => readFamilies([{ file: 'f', text }], 'acme'),
    "family: g\nentity: { source: '/g/{h}', subject: '{d}' }\nmetrics: { a: { unit: persent }, b: { unit: 7 }, c: { min: 2, max: 1 } }\n",
    /metrics.a.unit: unknown unit persent. Did you mean percent/, /metrics.b.unit: must be a text/, /metrics.c.max: is below min/],
  ['inputs', text => readInputs(text, 'f', 'test'),
    'inputs: [7, { topic: a, to: event }, { topic: a }]\n',
    /inputs.0: must be a mapping/, /a.to: unknown value. Did you mean events/, /a.topic: an earlier input/],
  ['mappings', text => readMapping(FAMILIES, text, 'm', 'f'),
    'family: device\ntime: { form: t }\nfields: { deviceId: id, model: 7, x: { from: x, unit: kg } }\n',
    /time.from: is missing/, /time.form: unknown key/, /fields.model: must be a text or a mapping/, /fields.x.unit: kg \(kilogram\) cannot be converted to m\/s²/],
  ['receivers', text => readReceivers(text, 'f'),
    'receivers:\n  - { name: a, kind: webhook, url: "http://a.example/h", timeout: 5 }\n  - { name: a, knd: sns }\n',
    /a.url: must be https/, /a.timeout: must be a text, not a number: put it in quotes/, /a.name: another receiver/, /a.kind: is missing/, /a.knd: unknown key/],
  ['routes', text => readRoutes(text, 'f'),
    'routes:\n  - 7\n  - { name: a, receivers: [sns], groupInterval: 0s, match: { severity: fatl } }\n  - { name: b, receiver: [sns] }\n',
    /routes.0: must be a mapping/, /a.groupInterval: must be longer/, /a.match.severity: unknown severity/, /b.receivers: is missing/, /b.receiver: unknown key. Did you mean receivers/],
  ['policies', text => readPolicy(text, 'f', ['alerting']),
    'maxAge: soon\nclasses: { retryable: [1h, 1m], retriable: [] }\nconsumers: { alertin: {} }\n',
    /maxAge: has the wrong form/, /classes.retryable.1: 1m is out of order/, /classes.retriable: unknown key. Did you mean retryable/, /consumers.alertin: unknown consumer. Did you mean alerting/],
]

describe('a file that people edit', () => {
  for (const [what, read, text, ...expected] of MIXED)
    it(`reports errors of form and of meaning at once, in the order of their places: ${what}`, () => {
      const lines = listErrorLines(() => read(text)).split('\n')
      for (const line of lines) assert.match(line, LINE)
      for (const exp of expected)
        assert.ok(
          lines.some(line => exp.test(line)),
          `${exp}: ${lines.join('\n')}`,
        )
      const places = lines.map(line => line.split(':').slice(1, 3).map(Number) as [number, number])
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
      )
    })

  for (const name of ['families', 'generator', 'inputs', 'mapping', 'receivers', 'routes'])
    it(`has one form of message for each of many broken files: ${name}`, () => {
      const lines = readFileSync(join(GOLDENS, `${name}.txt`), 'utf8')
        .split('\n')
        .filter(line => line !== '' && line !== 'no error' && !line.startsWith('>'))
      assert.ok(lines.length >= 20)
      for (const line of lines) assert.match(line, LINE)
    })

  it('does not report what follows from a value that is wrong in form', () => {
    const text = 'routes:\n  - { name: a, receivers: [sns], match: 7 }\n  - { name: b, receivers: [sns] }\n'
    assert.match(
      listErrorLines(() => readRoutes(text, 'f')),
      /^f:2:34 {2}a.match: must be a mapping, not a number[^\n]*$/,
    )
  })

  it('names an element of a list that comes after a wrong one by its own place', () => {
    const text = 'routes:\n  - 7\n  - { name: a, receivers: [sns], groupInterval: 0s }\n'
    assert.match(
      listErrorLines(() => readRoutes(text, 'f')),
      /^f:3:34 {2}a.groupInterval: must be longer than 0$/m,
    )
  })
})
