import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PROFILES, TelemetryProducer } from '#runtime/producer/index.ts'
import { PRODUCER_SETTINGS, producerSettings } from '#runtime/settings/producer.ts'

describe('the settings of a producer', () => {
  it('given a profile, then each of its settings is explained, and has the documented value', () => {
    for (const { settings } of Object.values(PROFILES))
      for (const name of Object.keys(settings)) assert.ok(name in PRODUCER_SETTINGS, name)
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
