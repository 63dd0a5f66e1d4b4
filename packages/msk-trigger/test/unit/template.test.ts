import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lostMappings, writeMappings } from '../../package/template.ts'
import { NAMING } from './framework.ts'

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/c/id'
const queue = 'arn:aws:sqs:us-east-1:123456789012:q'

describe('the mapping in the packaged template', () => {
  function written(id: string, event: Record<string, unknown>, properties: Record<string, unknown> = {}) {
    const template = {
      Resources: { [id]: { Type: 'AWS::Lambda::EventSourceMapping', Properties: properties } },
    }
    writeMappings({ f: { events: [event] } }, template, NAMING)
    return template.Resources[id]?.Properties
  }
  const msk = (event: Record<string, unknown>, properties = {}) =>
    written('MSK.f.c.t', { msk: { arn, topic: 't', ...event } }, properties)

  it('has every setting that the framework omits', () => {
    const event = {
      maximumBatchingWindow: 0,
      startingPosition: 'AT_TIMESTAMP',
      startingPositionTimestamp: 5,
      functionResponseType: 'ReportBatchItemFailures',
      maximumRetryAttempts: 3,
      maximumRecordAgeInSeconds: 60,
      bisectBatchOnFunctionError: false,
      onFailureDestination: queue,
    }
    assert.deepEqual(msk(event, { BatchSize: 1 }), {
      BatchSize: 1,
      MaximumBatchingWindowInSeconds: 0,
      StartingPositionTimestamp: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 60,
      BisectBatchOnFunctionError: false,
      DestinationConfig: { OnFailure: { Destination: queue } },
    })
  })

  it('has a destination as the reference in the settings', () => {
    const reference = { 'Fn::GetAtt': ['Q', 'Arn'] }
    assert.deepEqual(msk({ onFailureDestination: { arn: reference, type: 'sqs' } }), {
      DestinationConfig: { OnFailure: { Destination: reference } },
    })
  })

  it('is found by ARN, import and reference, and for a self-managed cluster', () => {
    const both = { FunctionResponseTypes: ['ReportBatchItemFailures'] }
    const event = { topic: 'a', functionResponseType: 'ReportBatchItemFailures' }
    assert.deepEqual(written('MSK.f.c.a', { msk: { arn, ...event } }), both)
    assert.deepEqual(written('MSK.f.X.a', { msk: { arn: { 'Fn::ImportValue': 'X' }, ...event } }), both)
    assert.deepEqual(written('MSK.f.Y.a', { msk: { arn: { Ref: 'Y' }, ...event } }), both)
    assert.deepEqual(written('Kafka.f.a', { kafka: event }), both)
  })

  it('has the registry beside the consumer group', () => {
    const schemaRegistryConfig = {
      schemaRegistryURI: 'https://r',
      eventRecordFormat: 'SOURCE',
      schemaValidationConfigs: [{ attribute: 'KEY' }, { attribute: 'VALUE' }],
      accessConfigs: [{ type: 'BASIC_AUTH', uri: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:s' }],
    }
    const SchemaRegistryConfig = {
      SchemaRegistryURI: 'https://r',
      EventRecordFormat: 'SOURCE',
      SchemaValidationConfigs: [{ Attribute: 'KEY' }, { Attribute: 'VALUE' }],
      AccessConfigs: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:s' }],
    }
    const group = { ConsumerGroupId: 'g' }
    assert.deepEqual(msk({ schemaRegistryConfig }, { AmazonManagedKafkaEventSourceConfig: group }), {
      AmazonManagedKafkaEventSourceConfig: { ...group, SchemaRegistryConfig },
    })
    assert.deepEqual(written('Kafka.f.t', { kafka: { topic: 't', schemaRegistryConfig } }), {
      SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig },
    })
  })

  it('has the poller group beside the pollers of the framework', () => {
    const provisionedPollerConfig = { minimumPollers: 1, pollerGroupName: 'orders-prod' }
    assert.deepEqual(msk({ provisionedPollerConfig }, { ProvisionedPollerConfig: { MinimumPollers: 1 } }), {
      ProvisionedPollerConfig: { MinimumPollers: 1, PollerGroupName: 'orders-prod' },
    })
  })

  it('is unchanged if nothing is set', () => {
    assert.deepEqual(msk({ functionResponseType: null }, { BatchSize: 1 }), { BatchSize: 1 })
  })

  it('must exist, and its settings must be valid', () => {
    const event = { msk: { arn, topic: 'a', maximumRetryAttempts: 1 } }
    assert.throws(() => written('Other', event), /the template has no resource MSK\.f\.c\.a/)
    assert.throws(
      () => msk({ maximumRetryAttempts: -2 }),
      /maximumRetryAttempts of the msk event of function "f"/,
    )
  })
})

describe('mappings of several events', () => {
  const functions = {
    f: {
      events: [
        { msk: { arn, topic: 'a', maximumRetryAttempts: 1 } },
        { msk: { arn, topic: 'b', maximumRetryAttempts: 2 } },
        { kafka: { topic: 'a', maximumRetryAttempts: 3 } },
        { kafka: { topic: 'b', onFailureDestination: { Ref: 'Q' } } },
      ],
    },
  }
  const resources = { Q: { Type: 'AWS::SQS::Queue' } }
  const ids = ['MSK.f.c.a', 'MSK.f.c.b', 'Kafka.f.a', 'Kafka.f.b']
  const template = () => ({
    Resources: Object.fromEntries(
      ids.map(id => [id, { Type: '', Properties: {} as Record<string, unknown> }]),
    ),
  })

  it('given two for which the framework has one name, then the last is written, and the other is named', () => {
    const alike = { ...NAMING, getMSKEventLogicalId: () => 'MSK.f.c.a' }
    const { Resources } = template()
    writeMappings(functions, { Resources }, alike, { resources, region: 'eu-west-1' })
    assert.deepEqual(Resources['MSK.f.c.a']?.Properties, { MaximumRetryAttempts: 2 })
    const lines = lostMappings(functions, alike)
    assert.equal(lines.length, 1)
    assert.match(lines.join(), /the msk event of function "f" for topic a is not deployed: .* for topic b\./)
  })
})
