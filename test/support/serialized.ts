/** Environment readings in all formats that a record can have. */
import { readFileSync } from 'node:fs'
import { framed } from '@sluice/test-kit/schema-registry'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { type LogRecord, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { logRecord } from '#runtime/test/support/records'

const schema = (folder: string, name: string) =>
  readFileSync(new URL(`../../events/schemas/${folder}/${name}`, import.meta.url), 'utf8')

export const AVRO = schema('avro', 'environment.reading.v1.avsc')
export const PROTO = schema('protobuf', 'environment.reading.v1.proto')
export const JSON_SCHEMA = schema('json', 'environment.reading.v1.json')

export const AVRO_ID = 1
const PROTO_ID = 2
const JSON_ID = 3

/** Schemas of a registry, by id. */
export const REGISTERED = [
  [AVRO_ID, { schema: AVRO }],
  [PROTO_ID, { schema: PROTO, schemaType: 'PROTOBUF' }],
  [JSON_ID, { schema: JSON_SCHEMA, schemaType: 'JSON' }],
] as const

/** Application that packages only the schemas of this reading. */
export const PACKAGED = {
  async packagedSchema(type: string, format: 'avro' | 'protobuf') {
    if (type !== 'io.sluice.environment.reading.v1') return undefined
    return { text: format === 'avro' ? AVRO : PROTO, references: [] }
  },
}

const avroType = avro.Type.forSchema(JSON.parse(AVRO), { wrapUnions: 'never' })
const protoType = protobuf.parse(PROTO).root.lookupType('EnvironmentReading')

export const avroBytes = ({ data }: Event) => avroType.toBuffer(data)
const protoBytes = ({ data }: Event) =>
  Buffer.from(protoType.encode(protoType.fromObject(data as object)).finish())

/** Functions that build the record of an event, by kind of producer. */
export const SENT_AS = {
  json: event => event,
  'json with an id': event => ({ ...event, data: framed(JSON_ID, JSON.stringify(event.data)) }),
  'avro with an id': event => ({
    ...event,
    datacontenttype: 'application/vnd.apache.avro',
    data: framed(AVRO_ID, avroBytes(event)),
  }),
  'avro without an id': event => ({ ...event, datacontenttype: 'avro/binary', data: avroBytes(event) }),
  'avro with an id alone': ({ datacontenttype: _, ...event }) => ({
    ...event,
    data: framed(AVRO_ID, avroBytes(event)),
  }),
  'protobuf with an id': event => ({
    ...event,
    datacontenttype: 'application/x-protobuf; charset=binary',
    data: framed(PROTO_ID, Buffer.concat([Buffer.of(0), protoBytes(event)])),
  }),
  'protobuf without an id': event => ({
    ...event,
    datacontenttype: 'Application/Protobuf',
    data: protoBytes(event),
  }),
} satisfies Readonly<Record<string, (event: Event) => Event>>

export type SentAs = keyof typeof SENT_AS

/** Returns the record that a kind of producer writes for an event. */
export function sent(
  offset: number,
  event: Event,
  as: SentAs,
  place: Parameters<typeof logRecord>[2] & { mode?: 'structured' } = {},
): LogRecord {
  const { mode, ...rest } = place
  const key = Buffer.from(String(event.subject))
  return logRecord(offset, { key, ...writeEvent(SENT_AS[as](event), mode) }, rest)
}
