/**
 * Avro and Protobuf schemas that are generated stay readable for those who have older data and registries. `wire-forms.json` has
 * what was published: no row of it may change. The fields of newer types are held by `npm run schemas`.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import protobuf from 'protobufjs'
import { findPackagedSchema, schemaSubject } from '../../../lib/app/data/packaged-schemas.ts'
import { listBinaryTypes } from '../../../lib/telemetry/event-types.ts'
import { lostFields } from '../../../scripts/generate/lost-fields.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'

/** Subject, Avro fields and Protobuf fields by event type. */
type WireForms = Readonly<
  Record<
    string,
    { readonly subject: string; readonly avro: readonly string[]; readonly protobuf: readonly string[] }
  >
>

const KEPT: WireForms = JSON.parse(readFileSync(new URL('wire-forms.json', import.meta.url), 'utf8'))

interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly fields: readonly { readonly name: string; readonly type: Avro; readonly default?: unknown }[]
}
type Avro =
  | string
  | readonly Avro[]
  | AvroRecord
  | { readonly type: 'array'; readonly items: Avro }
  | { readonly type: 'map'; readonly values: Avro }

/** Each field of each record, with its type, as a line. */
function avroLines(record: AvroRecord): string[] {
  return record.fields.flatMap(({ name, type, default: otherwise }) => [
    `${[record.namespace, record.name].filter(Boolean).join('.')} ${name}: ${avroType(type)}${otherwise === null ? ' = null' : ''}`,
    ...listRecords(type).flatMap(avroLines),
  ])
}

function avroType(type: Avro): string {
  if (typeof type === 'string') return type
  if (isUnion(type)) return type.map(avroType).join(' | ')
  if (type.type === 'record') return type.name
  return type.type === 'array' ? `array of ${avroType(type.items)}` : `map of ${avroType(type.values)}`
}

function listRecords(type: Avro): AvroRecord[] {
  if (typeof type === 'string') return []
  if (isUnion(type)) return type.flatMap(listRecords)
  if (type.type === 'record') return [type]
  return listRecords(type.type === 'array' ? type.items : type.values)
}

function isUnion(type: Avro): type is readonly Avro[] {
  return Array.isArray(type)
}

/** Each field of each message, with its number, as a line. */
function protobufLines(text: string): string[] {
  const { root, package: space = '' } = protobuf.parse(text)
  const messages = (root.lookup(space) as protobuf.Namespace).nestedArray as protobuf.Type[]
  return messages.flatMap(({ name, fieldsArray }) =>
    fieldsArray.map(field => {
      const many = field.map ? 'map of ' : field.repeated ? 'repeated ' : field.partOf ? 'optional ' : ''
      return `${space}.${name} ${field.name} = ${field.id}: ${many}${field.type}`
    }),
  )
}

test('given a schema in which a new field is not the last one, then the fields that it renumbers are found', () => {
  const before = 'message Door {\n  string name = 1;\n  optional double width = 2;\n}\n'
  const added = before.replace('}\n', '  optional double height = 3;\n}\n')
  const inserted =
    'message Door {\n  string name = 1;\n  optional double height = 2;\n  optional double width = 3;\n}\n'
  assert.deepEqual(lostFields(before, added), [])
  assert.deepEqual(lostFields(before, inserted), ['Door: optional double width = 2'])
})

describe('given the Avro and Protobuf schemas that have been published', () => {
  // Promise docs/schemas.md#the-schemas
  for (const type of Object.keys(KEPT))
    test(`given ${type}, then Avro and Protobuf keep every name, number and type`, async () => {
      const kept = KEPT[type]
      assert.equal(schemaSubject(VOCABULARY, type, 'avro', 'prod'), kept?.subject)
      const avro = avroLines(JSON.parse((await findPackagedSchema(FAMILIES, type, 'avro'))?.text ?? ''))
      const fields = protobufLines((await findPackagedSchema(FAMILIES, type, 'protobuf'))?.text ?? '')
      assert.deepEqual(
        kept?.avro.filter(line => !avro.includes(line)),
        [],
      )
      assert.deepEqual(
        kept?.protobuf.filter(line => !fields.includes(line)),
        [],
      )
    })

  test('then each can still be written in them', () => {
    assert.deepEqual(
      Object.keys(KEPT).filter(type => !(listBinaryTypes(FAMILIES) as readonly string[]).includes(type)),
      [],
    )
  })
})
