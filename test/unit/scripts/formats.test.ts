import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { describe, test } from 'node:test'
import validators from '../../../lib/schemas/compiled.js'
import { EVENT_TYPES } from '../../../lib/schemas/event-types.ts'
import { listBinaryTypes, listEventTypes } from '../../../lib/telemetry/event-types.ts'
import { listGenerated, requireSchemas, SchemaError } from '../../../scripts/generate/compile-schemas.ts'
import { FAMILIES } from '../../support/families.ts'

const TYPES = [...listEventTypes(FAMILIES).keys()]
const SCHEMAS = new URL('../../../events/schemas/', import.meta.url)
const getName = (type: string) => type.replace(/^io\.sluice\./, '')
const readText = (path: string) => readFileSync(new URL(path, SCHEMAS), 'utf8')

interface JsonSchema {
  readonly $id: string
  readonly type: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}
const getJson = (type: string): JsonSchema => JSON.parse(readText(`json/${getName(type)}.json`))

describe('given the table of event types', () => {
  for (const [folder, extension, types] of [
    ['json', '.json', TYPES],
    ['avro', '.avsc', listBinaryTypes(FAMILIES)],
    ['protobuf', '.proto', listBinaryTypes(FAMILIES)],
  ] as const) {
    test(`then ${folder} has one schema for each that has the format, and no other`, () => {
      const files = readdirSync(new URL(folder, SCHEMAS))
      assert.ok(files.every(file => extname(file) === extension))
      assert.deepEqual(files.map(file => `io.sluice.${basename(file, extension)}`).sort(), types.toSorted())
    })
  }

  test('then each that is not a reading has a compiled check', () => {
    assert.deepEqual(Object.keys(validators).sort(), Object.keys(EVENT_TYPES).sort())
  })

  test('then each family’s dataschema is the $id of its schema, and its metrics are properties', () => {
    for (const { type, dataschema, metrics, bounds, states } of FAMILIES.all) {
      const schema = getJson(type)
      assert.equal(schema.$id, dataschema)
      for (const metric of Object.keys(metrics)) {
        const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } =
          schema.properties?.[metric] ?? {}
        const [least, most] = bounds[metric] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        assert.ok(schema.properties?.[metric], metric)
        assert.deepEqual([minimum, maximum], [least, most], metric)
      }
      for (const [state, words] of Object.entries(states))
        assert.deepEqual(schema.properties?.[state]?.enum ?? null, words, state)
    }
  })
})

test('given a row without a schema, or a schema without a row, then compiling says which', () => {
  requireSchemas(FAMILIES, TYPES)
  const [first = '', ...others] = TYPES
  const refusal = (message: string) => ({ name: SchemaError.name, message })
  assert.throws(
    () => requireSchemas(FAMILIES, [...TYPES, 'io.sluice.without.schema.v1']),
    refusal('io.sluice.without.schema.v1: the event type has no schema in events/schemas/json/'),
  )
  assert.throws(
    () => requireSchemas(FAMILIES, others),
    refusal(`${first}: the schema has no row in lib/schemas/event-types.ts`),
  )
})

test('given the schemas, when they are compiled, then the module that is kept is what comes out', async () => {
  const generated = listGenerated(FAMILIES)
  assert.ok(generated.length >= 7)
  // Compared without `equal`: the difference of two such texts would be useless.
  for (const [compiled, make] of generated)
    assert.ok(
      readFileSync(compiled, 'utf8') === (await make()),
      'run `node scripts/generate/compile-schemas.ts`',
    )
})

test('given the compiled module alone, where nothing can be imported, then its checks run', async () => {
  const { default: alone } = await import(
    `data:text/javascript,${encodeURIComponent(readText('../../lib/schemas/compiled.js'))}`
  )
  const tick = { partition: 0, scheduledFor: '2026-01-01T00:00:00Z' }
  assert.equal(alone['io.sluice.clock.tick.v1'](tick), true)
  assert.equal(alone['io.sluice.clock.tick.v1']({ ...tick, partition: -1 }), false)
})
