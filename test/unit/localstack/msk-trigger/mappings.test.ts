import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readMappings } from '../../../../localstack/msk-trigger/mappings.ts'

const names = { service: 'shop', stage: 'dev', region: 'eu-west-1' }
const arn = 'arn:aws:kafka:eu-west-1:1:cluster/c/id'
const read = (...events: Record<string, unknown>[]) => readMappings({ orders: { events } }, names)

describe('event source mappings', () => {
  it('have the defaults of the managed trigger (rules 2, 3, 34) and a group of their own', () => {
    assert.deepEqual(read({ msk: { arn, topic: 't' } }), [
      {
        functionKey: 'orders',
        kind: 'msk',
        topic: 't',
        groupId: 'shop-dev-orders-t',
        batchSize: 100,
        windowMs: 500,
        startingPosition: { at: 'TRIM_HORIZON' },
        reportsFailures: false,
        eventSourceArn: arn,
      },
    ])
  })

  it('take what is set', () => {
    const [mapping] = read({
      msk: {
        arn: { Ref: 'Cluster' },
        topic: 't',
        batchSize: 10_000,
        maximumBatchingWindow: 0,
        consumerGroupId: 'mine',
        startingPosition: 'AT_TIMESTAMP',
        startingPositionTimestamp: 1700000000.5,
        functionResponseType: 'ReportBatchItemFailures',
      },
    })
    assert.equal(mapping?.batchSize, 10_000)
    assert.equal(mapping.windowMs, 0, 'a window of 0 is not the default (rule 5)')
    assert.equal(mapping.groupId, 'mine')
    assert.deepEqual(mapping.startingPosition, { at: 'AT_TIMESTAMP', timestampMs: 1700000000500 })
    assert.equal(mapping.reportsFailures, true)
    assert.match(mapping.eventSourceArn ?? '', /^arn:aws:kafka:eu-west-1:000000000000:cluster\/local\//)
  })

  it('of a self-managed cluster have no ARN (rule 11)', () => {
    const [mapping] = read({ kafka: { topic: 't', bootstrapServers: ['b:1'], accessConfigurations: {} } })
    assert.equal(mapping?.kind, 'kafka')
    assert.equal('eventSourceArn' in mapping, false)
  })

  it('leave out what is disabled, and other events', () => {
    assert.deepEqual(
      read({ msk: { arn, topic: 't', enabled: false } }, { schedule: 'rate(1 minute)' }, { http: 'GET /' }),
      [],
    )
  })

  const refused: [event: Record<string, unknown>, message: RegExp][] = [
    [
      { topic: { Ref: 'T' } },
      /topic of the msk event of function "orders" must be the name of a topic, not \{"Ref":"T"\}/,
    ],
    [{ batchSize: 0 }, /batchSize .* from 1 to 10000, not 0/],
    [{ batchSize: 1.5 }, /batchSize .* not 1\.5/],
    [{ maximumBatchingWindow: 301 }, /maximumBatchingWindow .* from 0 to 300, not 301/],
    [{ startingPosition: 'EARLIEST' }, /startingPosition .* not "EARLIEST"/],
    [{ startingPosition: 'AT_TIMESTAMP' }, /startingPositionTimestamp .* Unix seconds, not nothing/],
    [{ functionResponseType: 'Yes' }, /functionResponseType .* "ReportBatchItemFailures", not "Yes"/],
    [{ filterPatterns: [{}] }, /filterPatterns of the msk event of function "orders" is not emulated/],
    [{ onFailureDestination: 'kafka://x' }, /onFailureDestination .* is not emulated/],
    [{ consumerGroupId: '' }, /consumerGroupId .* must be a text/],
  ]
  for (const [event, message] of refused) {
    it(`refuse ${JSON.stringify(event)}`, () =>
      assert.throws(() => read({ msk: { arn, topic: 't', ...event } }), message))
  }

  it('refuse a group that two of them would share (rule 36)', () => {
    const event = { msk: { arn, topic: 't', consumerGroupId: 'g' } }
    assert.throws(
      () => readMappings({ a: { events: [event] }, b: { events: [event] } }, names),
      /group "g" is used by function "a" and by "b"/,
    )
  })
})
