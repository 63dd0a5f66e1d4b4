/** What a DataWriter writes, a DataReader reads as the same event: with packaged schemas, for every type that is serialized. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { APPLICATION } from '../../../../lib/app/application.ts'
import { isFailure } from '../../../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../../../lib/runtime/cloudevents/reader.ts'
import { writeEvent } from '../../../../lib/runtime/cloudevents/writer.ts'
import { dataReaderOf } from '../../../../lib/runtime/lambda/data-reader.ts'
import { dataWriterIn } from '../../../../lib/runtime/lambda/data-writer.ts'
import { alertFired, environmentReading, logRecord } from '../../../support/records.ts'

const settings = { env: 'test', contentMode: 'binary', singleInvocation: false } as const

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
          const writer = await dataWriterIn(APPLICATION, { ...settings, serialization })
          assert.ok(writer)
          const written = writeEvent(writer.write(event), mode)
          const record = { ...logRecord(0, event), value: written.value, headers: written.headers }
          const reader = dataReaderOf(APPLICATION, {})
          await reader.prepare([record])
          const raw = readEvent(record)
          assert.ok(!isFailure(raw))
          const read = reader.read(raw, record)
          assert.ok(!isFailure(read))
          assert.deepEqual(APPLICATION.readData(read), { kind: 'data', data: event.data })
        })
    })
