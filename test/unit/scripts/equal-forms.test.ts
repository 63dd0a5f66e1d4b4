/** The schemas of an event type say the same of its data: what fits one survives the others. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'
import fc from 'fast-check'
import { withEmptyCollections } from '../../../lib/app/data/empty-collections.ts'
import { findPackagedSchema } from '../../../lib/app/data/packaged-schemas.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { listSerializedTypes } from '../../../lib/app/data/serialized-types.ts'
import { FAMILIES } from '../../support/families.ts'
import { createData, type JsonSchema } from './schema-data.ts'

const SCHEMAS = new URL('../../../events/schemas/', import.meta.url)
const readJson = (name: string): JsonSchema =>
  JSON.parse(readFileSync(new URL(`json/${name}.json`, SCHEMAS), 'utf8'))

/** References are to other schemas by their `$id`, or into the schema itself. */
function createResolver(schema: JsonSchema) {
  return (ref: string): JsonSchema => {
    const own = /^#\/\$defs\/(.+)$/.exec(ref)?.[1]
    const found = own ? schema.$defs?.[own] : readJson(ref.replace(/^.*\/(.+)\.json$/, '$1'))
    assert.ok(found, ref)
    return found
  }
}

for (const { type } of listSerializedTypes(FAMILIES))
  describe(`given data of ${type}`, () => {
    const schema = readJson(type.replace(/^io\.sluice\./, ''))
    // Promise docs/schemas.md#the-schemas | The Avro and Protobuf schemas of a type follow from its JSON Schema, and data means the same in each.
    for (const format of ['avro', 'protobuf'] as const)
      test(`when it is written and read in ${format}, then it is the same, and fits its JSON Schema`, async () => {
        const packaged = await findPackagedSchema(FAMILIES, type, format)
        assert.ok(packaged)
        const named = { ...packaged, format: format === 'avro' ? 'AVRO' : 'PROTOBUF' } as const
        const codec = await loadCodec(named, 'plain')
        fc.assert(
          fc.property(createData(schema, createResolver(schema)), data => {
            assert.equal(schemaViolation(FAMILIES, type, data), undefined)
            const read = codec.read(codec.encode(data))
            const whole = format === 'protobuf' ? withEmptyCollections(type, read) : read
            assert.deepEqual(plain(whole), plain(format === 'protobuf' ? withoutEmpty(type, data) : data))
            assert.equal(schemaViolation(FAMILIES, type, whole), undefined)
          }),
          { seed: 7, numRuns: 50 },
        )
      })
  })

/** Protobuf does not distinguish an empty list or map from an absent one, so an optional one that is empty is absent. */
function withoutEmpty(type: string, data: unknown): unknown {
  const cut = JSON.parse(JSON.stringify(data), (_, value) =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value,
  )
  return withEmptyCollections(type, cut)
}

function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data))
}
