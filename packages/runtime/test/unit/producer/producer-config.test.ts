import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readProducerConfig, TelemetryProducer } from '../../../producer/index.ts'
import { producerSettings } from '../../../settings/producer.ts'

describe('the settings of a producer', () => {
  // Promise docs/producer.md#profiles | Each setting of a profile has the documented value.
  it('given a profile, then its settings have the documented values', () => {
    const { batchBytes, lingerMs, compression, acks, idempotent, retries, clientId } =
      producerSettings('balanced')
    assert.deepEqual(
      [batchBytes, lingerMs, compression, acks, idempotent, retries, clientId],
      [16_384, 100, 'lz4', 'all', true, 2_147_483_647, 'telemetry-producer'],
    )
  })

  it('given settings that are wrong or do not fit together, then the error names each', () => {
    const make = (given: object) => () =>
      new TelemetryProducer({ kafka: { brokers: [], auth: 'none' }, topic: 't', ...given })
    assert.throws(
      make({ lingerMs: -1, compression: 'brotli' }),
      /2 errors:\n.*lingerMs: must.*\n.*compression: must/,
    )
    assert.throws(make({ profile: 'fast' }), /profile: must be one of high-throughput, .*not "fast"/)
    assert.throws(make({ acks: 1 }), /idempotent: requires acks "all"/)
    assert.throws(make({ linger: 5 }), /has 1 error/)
  })
})

describe('the settings file of a producer', () => {
  const KAFKA = { bootstrap_servers: ['localhost:9092'], topic: 'telemetry' }
  const AVRO = JSON.stringify({ type: 'record', name: 'A', fields: [{ name: 'n', type: 'int' }] })
  const PROTOBUF = 'syntax = "proto3"; message A { int32 n = 1; }'
  const EVENT = { id: '1', source: '/s', subject: 'room', type: 'com.sensor.data', data: { n: 3 } }

  it('given one that functions also read, and a variable, then a producer has its values', async () => {
    const file = {
      kafka: { ...KAFKA, partitions: { readings: 10 } },
      producer: { batch_size: 1000, linger_ms: 20, acks: 1, compression: 'snappy', partition_key_field: 'n' },
      telemetry: { sample_rate: 10 },
    }
    const config = await readProducerConfig(file, {}, { KAFKA_BROKERS: 'other:9092', COMPRESSION: ' ' })
    const { kafka, key, mode, ...settings } = config
    assert.deepEqual([kafka, mode], [{ brokers: ['other:9092'], auth: 'none' }, 'binary'])
    assert.deepEqual(settings, {
      ...{
        topic: 'telemetry',
        compression: 'snappy',
        batchRecords: 1000,
        batchBytes: 1_000_000,
        lingerMs: 20,
      },
      ...{ acks: 1, idempotent: false },
    })
    assert.deepEqual([key?.(EVENT), key?.({ ...EVENT, data: {} })], ['3', 'room'])
    new TelemetryProducer(config)
  })

  const codecs: [producer: object, environment: Record<string, string>, codec: string | undefined][] = [
    [{}, {}, 'lz4'],
    [{}, { SLUICE_ONE_MACHINE: 'on' }, 'gzip'],
    [{ profile: 'compact' }, { SLUICE_ONE_MACHINE: 'on' }, undefined],
    [{ profile: 'compact', compression: 'zstd' }, {}, 'zstd'],
  ]
  for (const [producer, environment, codec] of codecs)
    it(`given ${JSON.stringify([producer, environment])}, then the codec is ${codec ?? 'that of the profile'}`, async () => {
      const config = await readProducerConfig({ kafka: KAFKA, producer }, {}, environment)
      assert.equal(config.compression, codec)
    })

  // Promise docs/producer.md#a-settings-file-avro-and-protobuf | A program reads the settings file of commands, and writes Avro and Protobuf with schemas of its own.
  for (const [format, bytes] of [
    ['avro', '06'],
    ['protobuf', '0803'],
  ] as const)
    it(`given ${format} and a schema, then its type is written so, and others as JSON`, async () => {
      const file = { kafka: KAFKA, producer: { serialization: format } }
      const schemas = { [EVENT.type]: { avro: AVRO, protobuf: PROTOBUF } }
      const { writer } = await readProducerConfig(file, schemas, {})
      const { data, datacontenttype } = writer?.write(EVENT) ?? {}
      assert.deepEqual([datacontenttype, data], [`application/${format}`, Buffer.from(bytes, 'hex')])
      const other = { ...EVENT, type: 'other' }
      assert.equal(writer?.write(other), other)
    })

  const wrong: [file: object, error: RegExp][] = [
    [{ kafka: KAFKA, producer: { linger: 5 } }, /producer\.linger: unknown key\. Use .*linger_ms/],
    [
      { kafka: KAFKA, producer: { acks: 2, batch_size: 0 } },
      /2 errors:\n.*producer\.acks: must.*\n.*producer\.batch_size: must/,
    ],
    [{ kafka: { topic: 't' } }, /KAFKA_BROKERS: must name/],
    [{ kafka: { bootstrap_servers: 'a:1' } }, /KAFKA_TOPIC: must name the topic/],
    [{ kafka: KAFKA, producer: { serialization: 'avro' } }, /must be json unless the program passes schemas/],
    [{ kafka: KAFKA, producer: { partition_key_field: 'tenant' } }, /must be the path of a field/],
  ]
  for (const [file, error] of wrong)
    it(`given ${JSON.stringify(file)}, then it is refused`, () =>
      assert.rejects(readProducerConfig(file, {}, {}), error))
})
