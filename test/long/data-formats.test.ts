import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RegistryConfig } from '../../packages/msk-trigger/config/registry.ts'
import { recordJson } from '../../packages/msk-trigger/invoke/event-json.ts'
import { makeIntake } from '../../packages/msk-trigger/poll/intake.ts'
import { OnDemandDataReader } from '../../packages/runtime/adapters/registry/data-reader.ts'
import { bufferOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { type Apicurio, startApicurio } from '../support/apicurio.ts'
import { environmentReading, type kafkaEvent } from '../support/records.ts'
import { framed } from '../support/schema-registry.ts'
import { AVRO, avroBytes, JSON_SCHEMA, PACKAGED, PROTO, protoBytes, sent } from '../support/serialized.ts'
import { Stage } from '../support/stage.ts'

describe('a consumer and a real schema registry', () => {
  let registry: Apicurio
  const ids = { avro: 0, protobuf: 0, json: 0 }
  before(async () => {
    registry = await startApicurio()
    ids.avro = await registry.register('readings-avro', AVRO, 'AVRO')
    ids.protobuf = await registry.register('readings-protobuf', PROTO, 'PROTOBUF')
    ids.json = await registry.register('readings-json', JSON_SCHEMA, 'JSON')
  })
  after(() => registry?.stop())

  function stage() {
    const made = new Stage()
    made.consumer = { ...made.consumer, reader: new OnDemandDataReader(PACKAGED, { url: registry.uri }) }
    return made
  }

  /** One reading of each producer: JSON, and each format with the id that the registry has given its schema. */
  function records(): LogRecord[] {
    const [plain, ...others] = [0, 1, 2, 3].map(at => environmentReading(`r-${at}`, { at }))
    const [avro, protobuf, json] = others as [
      typeof plain & object,
      typeof plain & object,
      typeof plain & object,
    ]
    const values = [
      framed(ids.avro, avroBytes(avro)),
      framed(ids.protobuf, Buffer.concat([Buffer.of(0), protoBytes(protobuf)])),
      framed(ids.json, JSON.stringify(json.data)),
    ]
    const kinds = ['avro with an id', 'protobuf with an id', 'json with an id'] as const
    return [
      sent(0, plain as typeof avro, 'json'),
      ...[avro, protobuf, json].map((event, index) => ({
        ...sent(index + 1, event, kinds[index] as (typeof kinds)[number]),
        value: values[index] as Buffer,
      })),
    ]
  }

  /** The records as the trigger delivers them where the mapping has a registry. */
  async function throughTrigger(form: RegistryConfig['form'], given: readonly LogRecord[]) {
    const intake = makeIntake({
      filters: [],
      registry: { uri: registry.uri, form, validates: ['VALUE'] },
    })
    const [{ topic } = { topic: '' }] = given
    const entries = await intake(
      0,
      given.map(({ key, value, offset, timestampMs, headers }) => ({
        key,
        value,
        offset: String(offset),
        timestamp: String(timestampMs),
        headers: Object.fromEntries(headers.map(([name, bytes]) => [name, bufferOf(bytes)])),
      })),
    )
    const delivered = entries.map(entry => {
      assert.equal(entry.fate, 'deliver', JSON.stringify(entry))
      return JSON.parse(recordJson(topic, 0, entry.message))
    })
    return { records: { [`${topic}-0`]: delivered } } as ReturnType<typeof kafkaEvent>
  }

  it('given producers of all formats on one topic, then each reading is applied', async () => {
    const consumer = stage()
    assert.deepEqual(await consumer.batch(records()), { batchItemFailures: [] })
    assert.deepEqual(consumer.outcomes, Array(4).fill('applied/counted'))
    assert.deepEqual(await consumer.state('/environment/test-site s-1'), { count: 4 })
  })

  for (const form of ['SOURCE', 'JSON'] as const)
    it(`given a mapping with the registry in the form ${form}, then the log is the same afterwards`, async () => {
      const consumer = stage()
      const framedOnes = records().slice(1)
      consumer.inLog(framedOnes)
      await consumer.consume(await throughTrigger(form, framedOnes))
      // The same records once more, as the log has them.
      await consumer.batch([...framedOnes, sent(4, environmentReading('r-4', { at: 4 }), 'json')], {
        nowMs: () => 3_600_000,
      })
      assert.deepEqual(consumer.outcomes, Array(4).fill('applied/counted'))
    })

  it('given an id that it does not have, then the record can be retried', async () => {
    const consumer = stage()
    const [, avro] = records()
    const value = framed(123_456, avroBytes(environmentReading('r-1')))
    await consumer.batch([{ ...(avro as LogRecord), value }])
    assert.deepEqual(consumer.outcomes, ['failed/schema-unknown'])
  })

  it('given that it has ended, then a new function waits, and one that has the schemas continues', async () => {
    const warm = stage()
    await warm.batch(records())
    await registry.stop()
    const later = records().map(record => ({
      ...record,
      offset: record.offset + 4,
      timestampMs: record.timestampMs + 4_000,
    }))
    assert.deepEqual(await warm.batch(later), { batchItemFailures: [] })
    const cold = stage()
    const { batchItemFailures } = await cold.batch(records())
    assert.equal(batchItemFailures.length > 0, true)
    assert.deepEqual(cold.outcomes, ['applied/counted'], 'the record in JSON needs no registry')
    assert.deepEqual(
      cold.observer.waits.map(({ reason }) => reason),
      ['registry-unavailable'],
    )
  })
})
