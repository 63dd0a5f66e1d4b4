import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deployedFunctions } from '../../rehearsal/deployment/deployed-template.ts'

const PREFIX = 'sluice-dev-'

const lambda = (name: string) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: `${PREFIX}${name}`, Timeout: 60 },
})

const mapping = (more: object = {}) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    EventSourceArn: 'arn:cluster',
    FunctionName: { 'Fn::GetAtt': ['AlertingLambdaFunction', 'Arn'] },
    Topics: ['readings'],
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 500,
    MaximumBatchingWindowInSeconds: 1,
    Enabled: true,
    AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'sluice-alerting-dev' },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
    ...more,
  },
})

const templateWith = (one: object) => ({
  Resources: {
    AlertingLambdaFunction: lambda('alerting'),
    ClockLambdaFunction: lambda('clock'),
    Mapping: one as ReturnType<typeof mapping>,
  },
})

it('given a mapping of a topic, then its function has the event that it came from', () => {
  assert.deepEqual(deployedFunctions(templateWith(mapping()), PREFIX), {
    alerting: {
      name: 'sluice-dev-alerting',
      timeout: 60,
      events: [
        {
          msk: {
            arn: 'arn:cluster',
            topic: 'readings',
            consumerGroupId: 'sluice-alerting-dev',
            startingPosition: 'TRIM_HORIZON',
            batchSize: 500,
            maximumBatchingWindow: 1,
            enabled: true,
            functionResponseType: 'ReportBatchItemFailures',
          },
        },
      ],
    },
    clock: { name: 'sluice-dev-clock', timeout: 60, events: [] },
  })
})

it('given a mapping without partial responses, then its event has none', () => {
  const template = templateWith(mapping({ FunctionResponseTypes: undefined }))
  const [event] = deployedFunctions(template, PREFIX).alerting?.events ?? []
  assert.equal(event?.msk.functionResponseType, undefined)
})

it('given a mapping of a queue, then it is left to the emulator', () => {
  const template = templateWith(mapping({ Topics: undefined }))
  assert.deepEqual(deployedFunctions(template, PREFIX).alerting?.events, [])
})

it('given what the poller would not do, then it says so rather than leave it out', () => {
  for (const more of [
    { FilterCriteria: { Filters: [] } },
    { Topics: ['one', 'two'] },
    { AmazonManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } },
  ])
    assert.throws(() => deployedFunctions(templateWith(mapping(more)), PREFIX), /does not know .* Mapping/)
})
