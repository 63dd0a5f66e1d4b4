// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { Project } from '../integration/project.ts'

/**
 * Actions that the role of a function with an MSK trigger needs, by AWS's pages "Configuring Lambda permissions for Amazon MSK event
 * source mappings" (https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html, "Required permissions") and, for
 * clusters with IAM, "Configuring Amazon MSK cluster authentication methods in Lambda"
 * (https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html, "IAM authentication"). One of `kafka:DescribeCluster` and
 * `kafka:DescribeClusterV2` is enough, and the second works with every cluster. The template makes the log group, so
 * `logs:CreateLogGroup` is left out.
 */
const MSK_TRIGGER_ACTIONS = [
  ...['CreateNetworkInterface', 'DeleteNetworkInterface'].map(name => `ec2:${name}`),
  ...['NetworkInterfaces', 'SecurityGroups', 'Subnets', 'Vpcs'].map(name => `ec2:Describe${name}`),
  ...[
    'AlterGroup',
    'Connect',
    'DescribeClusterDynamicConfiguration',
    'DescribeGroup',
    'DescribeTopic',
    'ReadData',
  ].map(name => `kafka-cluster:${name}`),
  'kafka:DescribeClusterV2',
  'kafka:GetBootstrapBrokers',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
]

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
  destinations: { onFailure: { arn: queue, type: 'sqs' } },
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
  mskTrigger: { announceResponseType: true },
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
  it('writes the settings into the mappings, and their permissions into the role', async () => {
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

    const role = Resources.IamRoleLambdaExecution.Properties.Policies[0].PolicyDocument.Statement
    // All functions share a role; `kafka:DescribeCluster` is the framework's own statement.
    const actions = role.flatMap(({ Action }: { Action: readonly string[] }) => Action)
    for (const action of MSK_TRIGGER_ACTIONS) assert.ok(actions.includes(action), action)
    const allowed = (action: string) =>
      role
        .filter((statement: { Action: string[] }) => statement.Action.includes(action))
        .flatMap((statement: { Resource: unknown }) => statement.Resource)
    assert.deepEqual(allowed('sqs:SendMessage'), [queue])
    assert.deepEqual(allowed('kafka:DescribeClusterV2'), [arn])
    const named = (kind: string, name: string) => `${arn.replace('cluster', kind)}/${name}`
    const topics = ['a.b', 'a', 'first', 'second'].map(name => named('topic', name))
    assert.deepEqual(allowed('kafka-cluster:ReadData'), topics)
    assert.deepEqual(allowed('kafka-cluster:AlterGroup'), [named('group', 'group'), named('group', '*')])
    assert.ok(allowed('secretsmanager:GetSecretValue').includes(secret))

    assert.deepEqual(Resources.FLambdaFunction.Properties.Environment.Variables, {
      REPORT_BATCH_ITEM_FAILURES: 'true',
    })
    assert.equal('Environment' in Resources.GLambdaFunction.Properties, false)
    assert.match(
      output,
      /msk {2}kafka event of function "h": a Kafka topic as destination exists in provisioned/,
    )
  })

  it('takes a cluster by any reference, which the framework alone does not', async () => {
    const written = { 'Fn::Sub': 'arn:aws:kafka:${AWS::Region}:${AWS::AccountId}:cluster/shop/751d2973-2' }
    const attribute = { 'Fn::GetAtt': ['Shop', 'Arn'] }
    const { code, output, Resources } = await packaged({
      f: { events: [{ msk: { arn: written, topic: 'a', maximumBatchingWindow: 0 } }] },
      g: { events: [{ msk: { arn: attribute, topic: 'a', maximumBatchingWindow: 0 } }] },
    })
    assert.equal(code, 0, output)
    const { Properties } = Resources.FEventSourceMappingMSKShopA
    assert.deepEqual([Properties.EventSourceArn, Properties.MaximumBatchingWindowInSeconds], [written, 0])
    assert.deepEqual(Resources.GEventSourceMappingMSKShopA.Properties.EventSourceArn, attribute)
    const role = JSON.stringify(Resources.IamRoleLambdaExecution)
    assert.ok(role.includes(JSON.stringify(written)) && role.includes(JSON.stringify(attribute)))
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
