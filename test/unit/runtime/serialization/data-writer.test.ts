import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'
import { readSettings, SERIALIZATION } from '#runtime/settings'
import { dataWriter } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { findPackagedSchema, schemaSubject } from '../../../../lib/app/data/packaged-schemas.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { APPLICATION, FAMILIES, VOCABULARY } from '../../../support/families.ts'

const { type } = FAMILIES.get('environment')
const reading = environmentReading('r-1', { temperature: 21.5 })
const parseSerialization = (text: string) =>
  readSettings([SERIALIZATION], { SERIALIZATION: text }).serialization
const createWriter = (text: string, types?: readonly string[]) =>
  dataWriter({ application: APPLICATION, env: 'test', serialization: parseSerialization(text) }, types)

describe('given no registry', () => {
  for (const [format, extension, mediaType] of [
    ['avro', 'avsc', 'application/avro'],
    ['protobuf', 'proto', 'application/protobuf'],
  ] as const)
    test(`when a reading is written in ${format}, then it is bytes that name the packaged schema`, async () => {
      const written = (await createWriter(format)).write(reading)
      assert.equal(written.datacontenttype, mediaType)
      assert.equal(written.dataschema, `https://sluice.io/schemas/environment.reading.v1.${extension}`)
      assert.deepEqual({ ...written, data: 0 }, { ...written, id: reading.id, time: reading.time, data: 0 })
      const packaged = await findPackagedSchema(FAMILIES, type, format)
      assert.ok(packaged && Buffer.isBuffer(written.data))
      const schema = { ...packaged, format: format === 'avro' ? 'AVRO' : 'PROTOBUF' } as const
      const data = JSON.parse((await loadCodec(schema, 'plain')).decode(written.data))
      assert.equal(data.temperature, 21.5)
      assert.equal(data.location.site, 'test-site')
    })

  // Promise docs/schemas.md#which-format-is-written | SERIALIZATION decides by family and type.
  test('when a type is named beside its family, then its own name decides', async () => {
    const writer = await createWriter(`environment=json,${type}=avro`)
    assert.ok(Buffer.isBuffer(writer.write(reading).data))
  })

  test('then ticks, and data that is bytes or not JSON, stay as they are', async () => {
    const writer = await createWriter('avro')
    for (const event of [
      tick(1, '2026-01-01T00:00:00Z'),
      { ...reading, data: Buffer.of(1) },
      { ...reading, data: '<a/>', datacontenttype: 'text/xml' },
      { id: '1', source: '/s', type },
    ])
      assert.equal(writer.write(event), event)
  })

  test('when a name is unknown, then the error says which names there are', async () => {
    await assert.rejects(
      createWriter('avro,weather=json'),
      /SERIALIZATION names weather.*Allowed names are.*environment/,
    )
    await assert.rejects(createWriter('io.sluice.clock.tick.v1=avro'), /io\.sluice\.clock\.tick\.v1/)
  })
})

describe('given a registry', () => {
  const options = { application: APPLICATION, env: 'test', serialization: parseSerialization('protobuf') }

  test('when the schema is registered, then its id stands before the data', async () => {
    const asked: string[] = []
    const readId = async (subject: string) => asked.push(subject)
    const writer = await dataWriter({ ...options, registry: { findId: readId } }, [type])
    const { data } = writer.write(reading)
    assert.deepEqual(asked, [schemaSubject(VOCABULARY, type, 'protobuf', 'test')])
    // The zero byte, the id, and the index of the first message.
    assert.deepEqual((data as Buffer).subarray(0, 6), Buffer.of(0, 0, 0, 0, 1, 0))
  })

  test('when it is not, then the error says what to do', async () => {
    await assert.rejects(
      dataWriter({ ...options, registry: { findId: async () => undefined } }, [type]),
      /sluice\.telemetry\.readings\.test-io\.sluice\.environment\.reading\.v1\.EnvironmentReading-protobuf: run `sluice schemas register`/,
    )
  })
})

describe('given SERIALIZATION', () => {
  for (const [text, wanted] of [
    ['', { otherwise: 'json', named: new Map() }],
    ['avro', { otherwise: 'avro', named: new Map() }],
    ['environment=avro', { otherwise: 'json', named: new Map([['environment', 'avro']]) }],
    [' a.b-c.v1 = protobuf , avro ', { otherwise: 'avro', named: new Map([['a.b-c.v1', 'protobuf']]) }],
  ] as const)
    test(`when it is "${text}", then it is understood`, () => {
      assert.deepEqual(parseSerialization(text), wanted)
    })

  for (const text of ['xml', 'avro,json', 'a=avro,a=json', 'a=', 'avro,', '=avro'])
    test(`when it is "${text}", then it is refused`, () => {
      assert.throws(() => parseSerialization(text), /SERIALIZATION/)
    })
})
