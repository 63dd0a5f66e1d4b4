/** What the serializers of confluent-kafka write with a real schema registry is read, by functions and by the trigger. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import { PROJECT } from '@sluice/test-kit/program'
import { isFailure, type LogRecord, readEvent, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { OnDemandDataReader } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { makeIntake } from '../../packages/msk-trigger/poll/intake.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { type Apicurio, startApicurio } from '../support/apicurio.ts'
import { AVRO, JSON_SCHEMA, PACKAGED } from '../support/serialized.ts'
import { installConfluentSerializers, type Serialized, serializeAll } from './confluent-serializers.ts'

const PROTOS = join(PROJECT, 'packages/schema-registry/test/unit/protos')
const FLEET = ['fleet.proto', 'shared/place.proto']
const READING = {
  sensorId: 's-1',
  temperature: 21.5,
  location: { site: 'roof', latitude: 1.5, longitude: 2.5 },
}
const SENSOR = {
  sensorId: 's',
  temperatureC: 1.5,
  kind: 'KIND_ROOF',
  at: '2026-01-01T00:00:00Z',
  places: { a: { siteName: 'q', surveyedAt: '2026-01-01T00:00:00Z' } },
}
const REPORT = { counts: { a: 5 }, sensors: [{ sensorId: '1', kind: 'KIND_UNKNOWN', fault: 'wet' }] }

const fleet = { kind: 'protobuf', files: FLEET } as const
const GIVEN = {
  'Protobuf with a reference': { ...fleet, topic: 'a', message: 'Report', data: REPORT },
  'a nested message of Protobuf': { ...fleet, topic: 'b', message: 'Report.Sensor', data: SENSOR },
  'Protobuf with well-known references': {
    ...fleet,
    topic: 'c',
    message: 'Report.Sensor',
    data: SENSOR,
    skipsKnown: false,
  },
  Avro: { kind: 'avro', topic: 'd', schema: AVRO, data: READING },
  'JSON Schema': { kind: 'json', topic: 'e', schema: JSON_SCHEMA, data: READING },
} as const
const IN_HEADER = {
  'Protobuf by a GUID': { ...GIVEN['a nested message of Protobuf'], topic: 'f', inHeader: true },
  'Avro by a GUID': { ...GIVEN.Avro, topic: 'g', inHeader: true },
  'JSON Schema by a GUID': { ...GIVEN['JSON Schema'], topic: 'h', inHeader: true },
} as const

describe('records of the serializers of confluent-kafka', () => {
  const { folder, remove } = temporaryFolder()
  let registry: Apicurio
  let guided: HttpServer
  let written: Record<string, Serialized>
  before(async () => {
    const [started] = await Promise.all([startApicurio(), installConfluentSerializers()])
    registry = started
    guided = await withGuids(registry.uri)
    written = {
      ...(await serializeAll(registry.uri, PROTOS, folder, GIVEN)),
      ...(await serializeAll(guided.url, PROTOS, folder, IN_HEADER)),
    }
  })
  after(async () => {
    await guided?.close()
    await registry?.stop()
    remove()
  })

  function createRecord(name: string): LogRecord {
    const { data: _, datacontenttype: __, ...attributes } = environmentReading('r-1')
    const { value, headers } = written[name] as Serialized
    const event = writeEvent(attributes as Event)
    return logRecord(0, { key: null, value, headers: [...event.headers, ...headers] })
  }

  // Promise docs/data-formats.md#with-a-schema-registry
  for (const [name, { data }] of [...Object.entries(GIVEN), ...Object.entries(IN_HEADER)])
    it(`given ${name}, then a function reads the data`, async () => {
      const record = createRecord(name)
      const reader = new OnDemandDataReader(PACKAGED, { url: guided.url })
      await reader.prepare([record])
      const read = reader.read(readEvent(record) as Event, record)
      assert.ok(!isFailure(read), JSON.stringify(read))
      assert.deepEqual(withoutEmpty(read.data), data)
    })

  for (const [name, { data }] of Object.entries(GIVEN))
    it(`given ${name}, then the trigger delivers it`, async () => {
      const intake = makeIntake({
        filters: [],
        registry: { uri: registry.uri, form: 'JSON', validates: ['VALUE'] },
      })
      const { value } = written[name] as Serialized
      const [entry] = await intake(0, [{ key: null, value, offset: '0', timestamp: '1', headers: {} }])
      assert.equal(entry?.fate, 'deliver', JSON.stringify(entry))
      const delivered = JSON.parse(String(entry?.message.value))
      assert.deepEqual(
        Object.keys(delivered).length > 0 && delivered.sensorId,
        (data as { sensorId?: string }).sensorId,
      )
    })
})

/** Returns the value without members that are null. */
function withoutEmpty(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, member) => (member === null ? undefined : member)))
}

/** Starts a registry in front of another one, which adds GUIDs of schemas, as those of Confluent have since version 8.0. */
function withGuids(uri: string): Promise<HttpServer> {
  const createGuid = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`
  return startHttpServer(async (request, response) => {
    const [, guid] = /\/schemas\/guids\/[\da-f-]{24}(\d+)/.exec(request.url ?? '') ?? []
    const path = guid === undefined ? request.url : `/schemas/ids/${Number(guid)}`
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const answer = await fetch(`${uri}${path}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body.length > 0 && { body }),
    })
    const json = (await answer.json()) as { id?: number }
    response.statusCode = answer.status
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(json.id === undefined ? json : { ...json, guid: createGuid(json.id) }))
  })
}
