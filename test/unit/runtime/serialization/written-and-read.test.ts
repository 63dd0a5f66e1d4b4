/** A DataReader reads the events of a DataWriter unchanged: with packaged schemas, for every type that is serialized. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure, type LogRecord, readEvent, writeEvent } from '#runtime/cloudevents'
import { configureDataReader } from '#runtime/functions/consumers'
import { configureDataWriter } from '#runtime/functions/writing'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { alertFired } from '../../../support/alerts.ts'
import { APPLICATION } from '../../../support/families.ts'

const settings = { env: 'test', contentMode: 'binary', singleInvocation: false } as const

/** Returns a consumer's view of the data in a record. */
async function readRecordData(record: LogRecord) {
  const reader = configureDataReader(APPLICATION, {})
  await reader.prepare([record])
  const raw = readEvent(record)
  assert.ok(!isFailure(raw))
  const read = reader.read(raw, record)
  assert.ok(!isFailure(read))
  return APPLICATION.readData(read)
}

describe('given an alert without labels that another producer wrote in Protobuf', () => {
  const alert = alertFired('a-1')
  const { labels: _, ...data } = (alert.data ?? {}) as Record<string, unknown>
  const withLabels = { kind: 'data', data: { ...data, labels: {} } }

  for (const [what, dataschema] of [
    ['no dataschema', undefined],
    ['a dataschema of its own', 'https://example.com/alert'],
  ] as const)
    it(`when it has ${what}, then it is read, with labels that are empty`, async () => {
      const serialization = { otherwise: 'protobuf', named: new Map() } as const
      const writer = await configureDataWriter(APPLICATION, { ...settings, serialization })
      assert.ok(writer)
      const { dataschema: __, ...event } = writer.write({ ...alert, data: { ...data, labels: {} } })
      const written = writeEvent(dataschema === undefined ? event : { ...event, dataschema }, 'binary')
      assert.deepEqual(await readRecordData({ ...logRecord(0, alert), ...written }), withLabels)
    })
})

for (const format of ['avro', 'protobuf'] as const)
  for (const mode of ['binary', 'structured'] as const)
    describe(`given events that are written in ${format}, ${mode}`, () => {
      for (const [what, event] of [
        ['a reading', environmentReading('r-1')],
        ['an alert', alertFired('a-1')],
        [
          'an alert without labels',
          { ...alertFired('a-2'), data: { ...alertFired('a-2').data, labels: {} } },
        ],
      ] as const)
        it(`when ${what} is read, then its data is the same`, async () => {
          const serialization = { otherwise: format, named: new Map() }
          const writer = await configureDataWriter(APPLICATION, { ...settings, serialization })
          assert.ok(writer)
          const written = writeEvent(writer.write(event), mode)
          const record = { ...logRecord(0, event), value: written.value, headers: written.headers }
          assert.deepEqual(await readRecordData(record), { kind: 'data', data: event.data })
        })
    })
