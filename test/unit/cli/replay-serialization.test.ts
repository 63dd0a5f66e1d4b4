import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Serialization } from '#runtime/consumer'
import { databaseReading, environmentReading } from '#runtime/test/support/records'
import { createWriter } from '../../../cli/options/serialization.ts'
import { localEnvironment, readConfig } from '../../../control/environment/config.ts'
import { buildOutgoingRecord } from '../../../control/recordings/replay/outgoing-record.ts'
import { VOCABULARY } from '../../support/families.ts'

const AVRO: Serialization = { otherwise: 'avro', named: new Map() }
const addressing = { env: 'test', contentMode: 'binary', keepPartitions: false, ...VOCABULARY } as const
const config = readConfig(localEnvironment({}))

function getContentType({ headers }: { readonly headers: readonly (readonly [string, unknown])[] }) {
  return String(headers.find(([name]) => name === 'content-type')?.[1])
}

describe('given a stream that is replayed in Avro', () => {
  it('then its data is Avro, and its key that of the plain data', async () => {
    const dataWriter = await createWriter(config, AVRO)
    const event = databaseReading('d-1')
    const plain = buildOutgoingRecord({ line: 1, paceMs: 0, eventMs: 0, event }, addressing)
    const record = buildOutgoingRecord(
      { line: 1, paceMs: 0, eventMs: 0, event },
      { ...addressing, dataWriter },
    )
    assert.equal(getContentType(plain), 'application/json')
    assert.equal(getContentType(record), 'application/avro')
    assert.ok((record.value?.length ?? 0) < (plain.value?.length ?? 0))
    assert.deepEqual(record.key, plain.key)
  })

  it('when a reading violates its schema, then it stays JSON, so that consumers refuse it', async () => {
    const dataWriter = await createWriter(config, AVRO)
    const event = environmentReading('r-1', { data: { sensorId: 's-1', temperature: 'warm' } })
    const record = buildOutgoingRecord(
      { line: 1, paceMs: 0, eventMs: 0, event },
      { ...addressing, dataWriter },
    )
    assert.equal(getContentType(record), 'application/json')
    assert.match(String(record.value), /warm/)
  })
})
