/** The three schemas of an event type say the same of its data, and data survives each of them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'
import fc from 'fast-check'
import { withEmptyCollections } from '../../../lib/app/empty-collections.ts'
import { packagedSchema } from '../../../lib/app/packaged-schemas.ts'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { SERIALIZED_TYPES } from '../../../lib/app/serialized-types.ts'
import { dataOf } from '../../support/schema-data.ts'
import {
  avroShape,
  differences,
  type JsonSchema,
  jsonShape,
  protobufShape,
  type Shape,
} from '../../support/schema-shapes.ts'

const SCHEMAS = new URL('../../../schemas/', import.meta.url)
const NAMES = readdirSync(new URL('json', SCHEMAS)).map(file => file.replace(/\.json$/, ''))
const textOf = (path: string) => readFileSync(new URL(path, SCHEMAS), 'utf8')
const jsonOf = (name: string): JsonSchema => JSON.parse(textOf(`json/${name}.json`))

/** References are to other schemas by their `$id`, or into the schema itself. */
function resolverOf(schema: JsonSchema) {
  return (ref: string): JsonSchema => {
    const own = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
    const found = own ? schema.$defs?.[own] : jsonOf(ref.replace(/^.*\/(.+)\.json$/, '$1'))
    assert.ok(found, ref)
    return found
  }
}

test('given the schemas, then there are some to compare', () => {
  assert.ok(NAMES.length >= 26)
})

for (const name of NAMES)
  describe(`given io.sluice.${name}`, () => {
    const schema = jsonOf(name)
    const json = jsonShape(schema, resolverOf(schema))
    const avro = avroShape(JSON.parse(textOf(`avro/${name}.avsc`)))
    const protobuf = protobufShape(textOf(`protobuf/${name}.proto`))

    test('then JSON Schema and Avro have the same fields, types and optional fields, at every depth', () => {
      assert.deepEqual(differences(json, avro), [])
    })

    test('then JSON Schema and Protobuf have the same fields, types and optional fields, at every depth', () => {
      assert.deepEqual(differences(json, protobuf), [])
    })

    test('then Avro and Protobuf have integers of the same size', () => {
      assert.deepEqual(integersIn(name, 'avro'), integersIn(name, 'protobuf'))
    })
  })

/** How many integers of 32 and of 64 bits a schema names. */
function integersIn(name: string, format: 'avro' | 'protobuf'): { narrow: number; wide: number } {
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0
  const text = textOf(`${format}/${name}.${format === 'avro' ? 'avsc' : 'proto'}`)
  return format === 'avro'
    ? { narrow: count(text, /"int"/g), wide: count(text, /"long"/g) }
    : { narrow: count(text, /\bu?int32\b/g), wide: count(text, /\bu?int64\b/g) }
}

describe('given two shapes that differ', () => {
  const base = { fields: { a: { shape: 'string', isOptional: false } } } as const
  for (const [what, other] of [
    ['a missing field', { fields: {} }],
    ['another type', { fields: { a: { shape: 'number', isOptional: false } } }],
    ['an optional field', { fields: { a: { shape: 'string', isOptional: true } } }],
    ['a list', { list: base }],
  ] as const satisfies readonly (readonly [string, Shape])[])
    test(`when it is ${what}, then that is found, also within a list`, () => {
      assert.equal(differences(base, other).length, 1)
      assert.equal(differences({ list: base }, { list: other }).length, 1)
    })
})

for (const { type } of SERIALIZED_TYPES)
  describe(`given data of ${type}`, () => {
    const schema = jsonOf(type.replace(/^io\.sluice\./, ''))
    for (const format of ['avro', 'protobuf'] as const)
      test(`when it is written and read in ${format}, then it is the same, and fits its JSON Schema`, async () => {
        const packaged = await packagedSchema(type, format)
        assert.ok(packaged)
        const named = { ...packaged, format: format === 'avro' ? 'AVRO' : 'PROTOBUF' } as const
        const codec = await loadCodec(named, 'plain')
        fc.assert(
          fc.property(dataOf(schema, resolverOf(schema)), data => {
            assert.equal(schemaViolation(type, data), undefined)
            const read = codec.read(codec.encode(data))
            const whole = format === 'protobuf' ? withEmptyCollections(type, read) : read
            assert.deepEqual(plain(whole), plain(format === 'protobuf' ? withoutEmpty(type, data) : data))
            assert.equal(schemaViolation(type, whole), undefined)
          }),
          { seed: 7, numRuns: 50 },
        )
      })
  })

/** Protobuf does not tell an empty list or map from an absent one, so an optional one that is empty is absent. */
function withoutEmpty(type: string, data: unknown): unknown {
  const cut = JSON.parse(JSON.stringify(data), (_, value) =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value,
  )
  return withEmptyCollections(type, cut)
}

function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data))
}
