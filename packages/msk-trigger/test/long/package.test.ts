import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { Project } from '../integration/project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const queue = { 'Fn::GetAtt': ['Failed', 'Arn'] }
const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf'

const msk = {
  arn,
  topic: 'a.b',
  consumerGroupId: 'group',
  maximumBatchingWindow: 0,
  functionResponseType: 'ReportBatchItemFailures',
  maximumRetryAttempts: 3,
  maximumRecordAgeInSeconds: 3600,
  bisectBatchOnFunctionError: true,
  onFailureDestination: { arn: queue, type: 'sqs' },
  provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1500 },
  filterPatterns: [{ value: { kind: ['order'] } }],
  schemaRegistryConfig: {
    schemaRegistryURI: 'https://registry.example',
    eventRecordFormat: 'JSON',
    schemaValidationConfigs: [{ attribute: 'VALUE' }],
    accessConfigs: [{ type: 'BASIC_AUTH', uri: secret }],
  },
}
const provisionedPollerConfig = { minimumPollers: 1 }
const self = {
  accessConfigurations: { saslScram512Auth: [secret] },
  bootstrapServers: ['b-1.example:9092'],
}
const kafka = {
  ...self,
  topic: 'own',
  startingPosition: 'AT_TIMESTAMP',
  startingPositionTimestamp: 1_700_000_000,
  onFailureDestination: 'kafka://own.failed',
}
const resources = { Resources: { Failed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failed' } } } }

/** Only the template matters, so nothing needs to be zipped. */
const artifact = {
  package: { artifact: 'package.json' },
  configValidationMode: 'error',
  resources,
}

async function packaged(functions: Record<string, object>) {
  const handlers = Object.fromEntries(Object.keys(functions).map(key => [key, '']))
  const project = await Project.create(functions, handlers, artifact)
  try {
    const { code, output } = await project.run('package')
    const file = project.file('.serverless/cloudformation-template-update-stack.json')
    return { code, output, Resources: code === 0 ? JSON.parse(await readFile(file, 'utf8')).Resources : {} }
  } finally {
    await project.remove()
  }
}

describe('serverless package', () => {
  it('writes the settings into the mappings', async () => {
    const { code, output, Resources } = await packaged({
      f: { events: [{ msk }] },
      g: { events: [{ msk: { arn, topic: 'a' } }] },
      h: { events: [{ kafka }] },
      two: {
        events: [
          {
            msk: {
              arn,
              topic: 'first',
              maximumRetryAttempts: 1,
              onFailureDestination: { Ref: 'Failed' },
              provisionedPollerConfig,
            },
          },
          { msk: { arn, topic: 'second', maximumRetryAttempts: 2, provisionedPollerConfig } },
          { kafka: { ...self, topic: 'first', maximumRetryAttempts: 3, provisionedPollerConfig } },
          { kafka: { ...self, topic: 'second', onFailureDestination: { Ref: 'Failed' } } },
        ],
      },
    })
    assert.equal(code, 0, output)
    assert.doesNotMatch(output, /Invalid configuration/i)

    const { DependsOn: _, ...mapping } = Resources.FEventSourceMappingMSKShopAb
    assert.deepEqual(mapping.Properties, {
      EventSourceArn: arn,
      FunctionName: { 'Fn::GetAtt': ['FLambdaFunction', 'Arn'] },
      StartingPosition: 'TRIM_HORIZON',
      Topics: ['a.b'],
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 3600,
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: queue } },
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1500 },
      FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["order"]}}' }] },
      AmazonManagedKafkaEventSourceConfig: {
        ConsumerGroupId: 'group',
        SchemaRegistryConfig: {
          SchemaRegistryURI: 'https://registry.example',
          EventRecordFormat: 'JSON',
          SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
          AccessConfigs: [{ Type: 'BASIC_AUTH', URI: secret }],
        },
      },
    })
    assert.equal('FunctionResponseTypes' in Resources.GEventSourceMappingMSKShopA.Properties, false)
    const own = Resources.HEventSourceMappingKafkaOwn.Properties
    assert.deepEqual(own.DestinationConfig, { OnFailure: { Destination: 'kafka://own.failed' } })
    assert.equal(own.StartingPositionTimestamp, 1_700_000_000)

    const of = (id: string) => Resources[`TwoEventSourceMapping${id}`].Properties
    const retries = ['MSKShopFirst', 'MSKShopSecond', 'KafkaFirst', 'KafkaSecond'].map(
      id => of(id).MaximumRetryAttempts,
    )
    assert.deepEqual(retries, [1, 2, 3, undefined], 'two mappings of each kind')
    for (const id of ['MSKShopFirst', 'KafkaSecond'])
      assert.deepEqual(
        of(id).DestinationConfig,
        { OnFailure: { Destination: queue } },
        'the ARN, not the address',
      )

    assert.deepEqual(Resources.FLambdaFunction.Properties.Environment.Variables, {
      REPORT_BATCH_ITEM_FAILURES: 'true',
    })
    assert.equal('Environment' in Resources.GLambdaFunction.Properties, false)
    assert.match(
      output,
      /msk {2}kafka event of function "h": a Kafka topic as destination exists in provisioned/,
    )
  })

  it('rejects an invalid setting with one message', async () => {
    const { code, output } = await packaged({
      f: { events: [{ msk: { ...msk, maximumRetryAttempts: 10_001 } }] },
    })
    assert.equal(code, 1)
    assert.match(
      output,
      /maximumRetryAttempts of the msk event of function "f" must be a whole number from -1 to/,
    )
    assert.doesNotMatch(output, /at .*plugin\.ts/)
  })
})
