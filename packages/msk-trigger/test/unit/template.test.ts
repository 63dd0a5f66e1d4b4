import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NOTHING_KNOWN } from '../../config/intrinsics.ts'
import { addPermissions } from '../../package/permissions.ts'
import { lostMappings, writeMappings } from '../../package/template.ts'

const arn = 'arn:aws:kafka:us-east-1:1:cluster/c/id'
const queue = 'arn:aws:sqs:us-east-1:1:q'
const naming = {
  getMSKEventLogicalId: (...parts: string[]) => `MSK.${parts.join('.')}`,
  getKafkaEventLogicalId: (...parts: string[]) => `Kafka.${parts.join('.')}`,
}

describe('the mapping in the packaged template', () => {
  function written(id: string, event: Record<string, unknown>, properties: Record<string, unknown> = {}) {
    const template = {
      Resources: { [id]: { Type: 'AWS::Lambda::EventSourceMapping', Properties: properties } },
    }
    writeMappings({ f: { events: [event] } }, template, naming)
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
    assert.deepEqual(msk({ destinations: { onFailure: { arn: reference, type: 'sqs' } } }), {
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
      accessConfigs: [{ type: 'BASIC_AUTH', uri: 'arn:secret' }],
    }
    const SchemaRegistryConfig = {
      SchemaRegistryURI: 'https://r',
      EventRecordFormat: 'SOURCE',
      SchemaValidationConfigs: [{ Attribute: 'KEY' }, { Attribute: 'VALUE' }],
      AccessConfigs: [{ Type: 'BASIC_AUTH', URI: 'arn:secret' }],
    }
    const group = { ConsumerGroupId: 'g' }
    assert.deepEqual(msk({ schemaRegistryConfig }, { AmazonManagedKafkaEventSourceConfig: group }), {
      AmazonManagedKafkaEventSourceConfig: { ...group, SchemaRegistryConfig },
    })
    assert.deepEqual(written('Kafka.f.t', { kafka: { topic: 't', schemaRegistryConfig } }), {
      SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig },
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

describe('the mapping in the template of a framework without provisioned mode', () => {
  function written(kind: 'msk' | 'kafka', settings: object, properties: Record<string, unknown> = {}) {
    const id = kind === 'msk' ? 'MSK.f.c.t' : 'Kafka.f.t'
    const template = {
      Resources: { [id]: { Type: 'AWS::Lambda::EventSourceMapping', Properties: properties } },
    }
    const functions = { f: { events: [{ [kind]: { arn, topic: 't', ...settings } }] } }
    writeMappings(functions, template, naming, { leavesOut: true })
    return properties
  }
  const settings = {
    functionResponseType: 'ReportBatchItemFailures',
    maximumRetryAttempts: 3,
    maximumRecordAgeInSeconds: 60,
    bisectBatchOnFunctionError: true,
    maximumBatchingWindow: 0,
    schemaRegistryConfig: {
      schemaRegistryURI: 'https://r',
      eventRecordFormat: 'SOURCE',
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
    },
  }

  for (const kind of ['msk', 'kafka'] as const) {
    it(`given a ${kind} event with pollers, then they are written, and what needs them`, () => {
      const provisionedPollerConfig = { minimumPollers: 1, maximumPollers: 2 }
      const properties = written(kind, { ...settings, provisionedPollerConfig })
      assert.deepEqual(properties.ProvisionedPollerConfig, { MinimumPollers: 1, MaximumPollers: 2 })
      assert.equal(properties.MaximumRetryAttempts, 3)
      assert.deepEqual(properties.FunctionResponseTypes, ['ReportBatchItemFailures'])
      const grouped = { provisionedPollerConfig: { minimumPollers: 1, pollerGroupName: 'orders-prod' } }
      assert.deepEqual(written(kind, grouped), {
        ProvisionedPollerConfig: { MinimumPollers: 1, PollerGroupName: 'orders-prod' },
      })
    })

    it(`given a ${kind} event without, then nothing is written that AWS would reject`, () => {
      assert.deepEqual(written(kind, { ...settings, onFailureDestination: queue }, { BatchSize: 1 }), {
        BatchSize: 1,
        MaximumBatchingWindowInSeconds: 0,
        DestinationConfig: { OnFailure: { Destination: queue } },
      })
      const byFramework = { DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } }
      assert.deepEqual(written(kind, { onFailureDestination: 'kafka://failed' }, byFramework), {})
    })
  }
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

  it('given two of each kind on one function, then each is written into its own', () => {
    const { Resources } = template()
    writeMappings(functions, { Resources }, naming, { intrinsics: { ...NOTHING_KNOWN, resources } })
    assert.deepEqual(
      ids.map(id => Resources[id]?.Properties),
      [
        { MaximumRetryAttempts: 1 },
        { MaximumRetryAttempts: 2 },
        { MaximumRetryAttempts: 3 },
        // The kind is inferred from the resource, and its ARN is what Lambda needs.
        { DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Q', 'Arn'] } } } },
      ],
    )
    assert.deepEqual(lostMappings(functions, naming), [])
  })

  it('given two for which the framework has one name, then the last is written, and the other is named', () => {
    const alike = { ...naming, getMSKEventLogicalId: () => 'MSK.f.c.a' }
    const { Resources } = template()
    writeMappings(functions, { Resources }, alike, { intrinsics: { ...NOTHING_KNOWN, resources } })
    assert.deepEqual(Resources['MSK.f.c.a']?.Properties, { MaximumRetryAttempts: 2 })
    const lines = lostMappings(functions, alike)
    assert.equal(lines.length, 1)
    assert.match(lines.join(), /the msk event of function "f" for topic a is not deployed: .* for topic b\./)
  })
})

describe('the permissions of the generated role', () => {
  interface Statement {
    Action: string[]
    Resource: unknown[]
  }
  function added(event: Record<string, unknown>, definition = {}): Record<string, unknown[]> {
    const Statement: Statement[] = []
    const Properties = { Policies: [{ PolicyDocument: { Statement } }] }
    addPermissions(
      { f: { events: [event], ...definition } },
      { Resources: { IamRoleLambdaExecution: { Type: 'AWS::IAM::Role', Properties } } },
    )
    return Object.fromEntries(
      Statement.flatMap(({ Action, Resource }) => Action.map(action => [action, Resource])),
    )
  }
  const msk = (event = {}, definition = {}) => added({ msk: { arn, topic: 't', ...event } }, definition)

  it('let Lambda find the cluster, read the topic and keep the group', () => {
    assert.deepEqual(msk({ consumerGroupId: 'g' }), {
      'kafka:DescribeClusterV2': [arn],
      'kafka-cluster:Connect': [arn],
      'kafka-cluster:DescribeClusterDynamicConfiguration': [arn],
      'kafka-cluster:DescribeTopic': ['arn:aws:kafka:us-east-1:1:topic/c/id/t'],
      'kafka-cluster:ReadData': ['arn:aws:kafka:us-east-1:1:topic/c/id/t'],
      'kafka-cluster:DescribeGroup': ['arn:aws:kafka:us-east-1:1:group/c/id/g'],
      'kafka-cluster:AlterGroup': ['arn:aws:kafka:us-east-1:1:group/c/id/g'],
    })
  })

  it('cover a group that has no name yet, and a cluster that only CloudFormation can resolve', () => {
    assert.deepEqual(msk({ arn: { Ref: 'C' } })['kafka-cluster:AlterGroup'], [
      {
        'Fn::Join': [
          '',
          [
            { 'Fn::Select': [0, { 'Fn::Split': [':cluster/', { Ref: 'C' }] }] },
            ':group/',
            { 'Fn::Select': [1, { 'Fn::Split': [':cluster/', { Ref: 'C' }] }] },
            '/*',
          ],
        ],
      },
    ])
  })

  it('are those for SCRAM if the event has a secret', () => {
    assert.deepEqual(msk({ saslScram512: 'arn:secret' }), {
      'kafka:DescribeClusterV2': [arn],
      'kafka:ListScramSecrets': [arn],
      'secretsmanager:GetSecretValue': ['arn:secret'],
    })
  })

  const destinations: [destination: string, action: string, resource: string][] = [
    [queue, 'sqs:SendMessage', queue],
    ['arn:aws:sns:us-east-1:1:n', 'sns:Publish', 'arn:aws:sns:us-east-1:1:n'],
    ['arn:aws:s3:::b', 's3:ListBucket', 'arn:aws:s3:::b'],
    ['arn:aws:s3:::b', 's3:PutObject', 'arn:aws:s3:::b/*'],
    ['kafka://failed', 'kafka-cluster:WriteData', 'arn:aws:kafka:us-east-1:1:topic/c/id/failed'],
  ]
  for (const [onFailureDestination, action, resource] of destinations) {
    it(`allow ${action} for the destination ${onFailureDestination}`, () =>
      assert.deepEqual(msk({ onFailureDestination })[action], [resource]))
  }

  it('let Lambda call a Glue registry with the role, and another registry with its secret', () => {
    const config = { eventRecordFormat: 'JSON', schemaValidationConfigs: [{ attribute: 'VALUE' }] }
    const glue = 'arn:aws:glue:us-east-1:1:registry/r'
    const inGlue = msk({ schemaRegistryConfig: { ...config, schemaRegistryURI: glue } })
    assert.deepEqual(inGlue['glue:GetRegistry'], [glue])
    assert.deepEqual(inGlue['glue:GetSchemaVersion'], ['*'])
    const accessConfigs = [{ type: 'BASIC_AUTH', uri: 'arn:secret' }]
    const elsewhere = msk({
      schemaRegistryConfig: { ...config, schemaRegistryURI: 'https://r', accessConfigs },
    })
    assert.deepEqual(elsewhere['secretsmanager:GetSecretValue'], ['arn:secret'])
    assert.equal('glue:GetRegistry' in elsewhere, false)
  })

  it('are only those for the destination if the cluster is self-managed', () => {
    assert.deepEqual(added({ kafka: { topic: 't', onFailureDestination: queue } }), {
      'sqs:SendMessage': [queue],
    })
    assert.deepEqual(added({ kafka: { topic: 't', onFailureDestination: 'kafka://failed' } }), {})
  })

  it('allow sending to a destination that is referred to, by its ARN', () => {
    const Statement: Statement[] = []
    const Properties = { Policies: [{ PolicyDocument: { Statement } }] }
    addPermissions(
      { f: { events: [{ kafka: { topic: 't', onFailureDestination: { Ref: 'Q' } } }] } },
      { Resources: { IamRoleLambdaExecution: { Type: 'AWS::IAM::Role', Properties } } },
      { ...NOTHING_KNOWN, resources: { Q: { Type: 'AWS::SQS::Queue' } } },
    )
    assert.deepEqual(Statement, [
      { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [{ 'Fn::GetAtt': ['Q', 'Arn'] }] },
    ])
  })

  it('are not written for a function with a role of its own', () => {
    assert.deepEqual(msk({ onFailureDestination: queue }, { role: 'Own' }), {})
  })
})
