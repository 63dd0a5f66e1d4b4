import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packagedAtMs } from '../../../infra/topics-plugin.ts'
import { addTopicsResource, type Template, TOPICS_RESOURCE } from '../../../infra/topics-resource.ts'
import { declaredFunctions } from '../../../lib/app/functions.ts'
import { topicNames } from '../../../lib/app/topics.ts'

const FUNCTIONS = declaredFunctions({
  keeper: { uses: 'topics' },
  frost: { consumes: ['readings', 'events'], uses: ['redis'] },
  mover: { forwards: 'retry-1m', uses: ['redis'], schedule: 'rate(1 minute)' },
})

function template(): Template {
  return {
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket' },
      Key: { Type: 'AWS::KMS::Key' },
      KeeperLog: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: { 'Fn::GetAtt': 'Key.Arn' } } },
      KeeperRole: { Type: 'AWS::IAM::Role', Properties: { Of: [{ 'Fn::Sub': `\${Queue.Arn}/\${!Frost}` }] } },
      Queue: { Type: 'AWS::SQS::Queue' },
      keeperLambda: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { S3Bucket: { Ref: 'Bucket' } },
          Role: { 'Fn::GetAtt': ['KeeperRole', 'Arn'] },
          Region: { Ref: 'AWS::Region' },
        },
        DependsOn: ['KeeperLog'],
      },
      Frost: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket: { Ref: 'Bucket' } } } },
      FrostRole: { Type: 'AWS::IAM::Role' },
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'keeperLambda' } } },
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping', DependsOn: ['FrostRole'] },
      Rule: { Type: 'AWS::Events::Rule', DependsOn: 'Frost' },
    },
  }
}

const parts = (functions = FUNCTIONS) => ({
  env: 'prod',
  functions,
  logicalId: (name: string) => `${name}Lambda`,
  packagedAtMs: 1_700_000_000_000,
})

describe('given a template with functions and triggers, when the topics are added', () => {
  const made = template()
  const waiting = addTopicsResource(made, parts())

  it('then all but the function and what it needs waits for them, and for what it waited for before', () => {
    const expected = {
      Frost: [TOPICS_RESOURCE],
      FrostRole: [TOPICS_RESOURCE],
      Version: [TOPICS_RESOURCE],
      Mapping: ['FrostRole', TOPICS_RESOURCE],
      Rule: ['Frost', TOPICS_RESOURCE],
    }
    assert.deepEqual(waiting, Object.keys(expected))
    const resources = Object.entries(made.Resources).filter(([id]) => id !== 'keeperLambda')
    assert.deepEqual(
      Object.fromEntries(resources.flatMap(([id, { DependsOn }]) => (DependsOn ? [[id, DependsOn]] : []))),
      expected,
    )
    assert.deepEqual(made.Resources.keeperLambda, template().Resources.keeperLambda)
  })

  it('then the resource calls the function, and says who reads which topic and when the package was made', () => {
    assert.deepEqual(made.Resources[TOPICS_RESOURCE], {
      Type: 'Custom::SluiceTopics',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['keeperLambda', 'Arn'] },
        ServiceTimeout: 600,
        Environment: 'prod',
        PackagedAt: '1700000000000',
        Names: topicNames('prod'),
        Readers: { readings: ['frost'], events: ['frost'], 'retry-1m': ['mover'] },
      },
    })
  })
})

it('given no function that manages topics, then the template stays as it is', () => {
  const made = template()
  assert.deepEqual(addTopicsResource(made, parts(FUNCTIONS.slice(1))), [])
  assert.deepEqual(made, template())
})

it("given the framework's folder of a package, then its time is read, and any other name is an error", () => {
  assert.equal(
    packagedAtMs('serverless/sluice/prod/1700000000000-2023-11-14T22:13:20.000Z'),
    1_700_000_000_000,
  )
  for (const folder of [undefined, 'serverless/sluice/prod/latest'])
    assert.throws(() => packagedAtMs(folder), /does not contain a time/)
})
