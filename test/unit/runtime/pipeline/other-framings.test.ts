/** Data that says that its schema is elsewhere: it is read with that schema, or fails. A packaged schema never stands in. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { framed, registryWith } from '@sluice/test-kit/schema-registry'
import { type LogRecord, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { plainRecords } from '#runtime/pipeline'
import { environmentReading } from '#runtime/test/support/records'
import { toHistoryRows, toOriginalRecord } from '../../../../lib/history/row.ts'
import { FormatStage } from '../../../support/format-stage.ts'
import { AVRO_ID, avroBytes, JSON_SCHEMA, PROTO, REGISTERED, sent } from '../../../support/serialized.ts'

const GUID = '89791762-2336-4186-9674-299b90a802e2'
const registry = await registryWith(REGISTERED)
const reading = environmentReading('r-1')
const avro = sent(0, reading, 'avro without an id')
const protobuf = sent(0, reading, 'protobuf without an id')
const json = sent(0, reading, 'json')

const guid = (...index: number[]) =>
  Buffer.concat([Buffer.of(1), Buffer.from(GUID.replaceAll('-', ''), 'hex'), Buffer.from(index)])

function marked(record: LogRecord, value: Buffer, name = '__value_schema_id'): LogRecord {
  return { ...record, headers: [...record.headers, [name, value]] }
}

/** A schema that fits the bytes of the packaged one, and gives them other names and values. */
const OTHER = JSON.stringify({
  type: 'record',
  name: 'Other',
  fields: JSON.parse(REGISTERED[0][1].schema).fields.map((field: { name: string }) =>
    field.name === 'temperature'
      ? { ...field, name: 'humidity' }
      : field.name === 'humidity'
        ? { ...field, name: 'temperature' }
        : field,
  ),
})

describe('data whose schema is named by a header', () => {
  for (const [what, record, index, schema] of [
    ['Avro', avro, [], REGISTERED[0][1]],
    ['Protobuf', protobuf, [0], { schema: PROTO, schemaType: 'PROTOBUF' }],
    ['JSON', json, [], { schema: JSON_SCHEMA, schemaType: 'JSON' }],
  ] as const) {
    it(`given ${what} and a GUID, then it is read with that schema`, async () => {
      registry.schemas.set(GUID, schema)
      const stage = new FormatStage(registry.uri)
      await stage.batch([marked(record, guid(...index)), { ...json, offset: 1 }])
      assert.deepEqual(stage.outcomes, ['applied/counted', 'duplicate/id-known'])
      assert.deepEqual(registry.requests, [`/api/schemas/guids/${GUID}`])
    })
  }

  // Promise docs/data-formats.md#with-a-schema-registry
  it('given a schema with other names, then its names count, not those of the packaged one', async () => {
    registry.schemas.set(GUID, { schema: OTHER })
    const stage = new FormatStage(registry.uri)
    await stage.batch([marked(avro, guid())])
    const [decision] = stage.observer.decisions
    const { temperature, ...others } = reading.data as Record<string, unknown>
    assert.deepEqual(decision?.event?.data, { ...others, humidity: temperature })
  })

  it('given JSON that its schema refuses, then it fails', async () => {
    registry.schemas.set(GUID, { schema: '{"required":["other"]}', schemaType: 'JSON' })
    const stage = new FormatStage(registry.uri)
    await stage.batch([marked(json, guid())])
    assert.deepEqual(stage.outcomes, ['failed/data-not-decodable'])
  })

  it('given an id in the header, then it is read with that schema, even if the data begins like another id', async () => {
    const id = framed(AVRO_ID, '')
    const stage = new FormatStage(registry.uri)
    await stage.batch([marked(avro, id), marked({ ...avro, offset: 1, value: framed(2, 'x') }, id)])
    assert.deepEqual(stage.outcomes, ['applied/counted', 'failed/data-not-decodable'])
    assert.deepEqual(registry.requests, ['/api/schemas/ids/1'])
  })

  for (const [what, name, value] of [
    ['an unknown first byte', '__value_schema_id', Buffer.concat([Buffer.of(2), guid().subarray(1)])],
    ['a GUID that is cut off', '__value_schema_id', guid().subarray(0, 16)],
    ['no bytes', '__value_schema_id', Buffer.alloc(0)],
    ['an id of Apicurio', 'apicurio.value.globalId', Buffer.alloc(8, 1)],
    ['a content id of Apicurio', 'apicurio.value.contentId', Buffer.alloc(8, 1)],
  ] as const)
    it(`given ${what}, then it fails`, async () => {
      const stage = new FormatStage(registry.uri)
      await stage.batch([marked(avro, value, name), marked({ ...json, offset: 1 }, value, name)])
      assert.deepEqual(stage.outcomes, ['failed/schema-unknown', 'failed/schema-unknown'])
      assert.deepEqual(registry.requests, [])
    })
})

describe('data that begins like another encoding', () => {
  for (const [what, record] of [
    ['of AWS Glue in Avro', { ...avro, value: Buffer.concat([Buffer.of(3, 0), guid()]) }],
    [
      'of AWS Glue, compressed, in Protobuf',
      { ...protobuf, value: Buffer.concat([Buffer.of(3, 5), guid()]) },
    ],
    ["of Avro's single objects", { ...avro, value: Buffer.concat([Buffer.of(0xc3, 1), guid()]) }],
    ['of the wire format in Avro', { ...avro, value: framed(AVRO_ID, avroBytes(reading)) }],
    ['of the wire format in Protobuf', { ...protobuf, value: framed(2, 'x') }],
  ] as const)
    it(`given that ${what}, and no registry, then it fails and names it`, async () => {
      const stage = new FormatStage()
      await stage.batch([record])
      assert.deepEqual(stage.outcomes, ['failed/schema-unknown'])
    })
})

describe('a record with such a header that is written again', () => {
  const reader = () => new FormatStage(registry.uri).coldReader()

  it('given data that was read, then the header is gone: the data is JSON without a schema', async () => {
    registry.schemas.set(GUID, REGISTERED[0][1])
    const record = marked(avro, guid())
    const [plain] = await plainRecords([record], reader())
    const [row] = await toHistoryRows([record], reader())
    for (const record of [plain as LogRecord, toOriginalRecord(row as never)]) {
      assert.deepEqual((readEvent(record) as Event).data, reading.data)
      assert.equal(
        record.headers.some(([name]) => name === '__value_schema_id'),
        false,
      )
    }
  })

  it('given data that cannot be read, then the history keeps it as it is', async () => {
    const record = marked(avro, guid())
    const [row] = await toHistoryRows([record], reader())
    assert.deepEqual(toOriginalRecord(row as never), record)
  })
})
