import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isIntrinsic, type ResourceContext, resolveText, resourceContext } from '../../config/resources.ts'
import type { Serverless } from '../../support/serverless.ts'
import { createServerless } from './framework.ts'

/** Functions of CloudFormation within a text, which a template literal of JavaScript would replace. */
const sub = (...parts: unknown[]) => ({ 'Fn::Sub': parts.length > 1 ? parts : parts[0] })
const $ = (name: string) => `\${${name}}`

const Resources = {
  Failed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failed' } },
  Told: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'told' } },
  Kept: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'kept' } },
  Rows: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'rows' } },
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'bus' } },
  Flow: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'flow' } },
  ByStack: { Type: 'AWS::SQS::Queue', Properties: { QueueName: sub(`${$('AWS::StackName')}-q`) } },
  Circle: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::GetAtt': 'Circle.QueueName' } } },
  Nameless: { Type: 'AWS::SQS::Queue' },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
  Unnamed: { Type: 'AWS::DynamoDB::Table', Properties: {} },
  Elsewhere: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::ImportValue': 'name' } } },
  Db: { Type: 'AWS::RDS::DBCluster', Properties: { DatabaseName: 'db' } },
}
const Parameters = {
  Level: { Type: 'String', Default: 'info' },
  Count: { Type: 'Number', Default: 3 },
  Secret: { Type: 'String' },
  Ami: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/ami' },
  Deployed: { Type: 'String', Default: 'default' },
  Loop: { Type: 'String', Default: { Ref: 'Loop' } },
}

function contextIn(region: string): ResourceContext {
  const { service, ...serverless } = createServerless({ billing: { name: 'billing' } }, {})
  const stackParameters = [{ ParameterKey: 'Deployed', ParameterValue: 'given' }]
  const parts = { resources: { Resources, Parameters }, provider: { ...service.provider, stackParameters } }
  const getProvider = () => ({ ...serverless.getProvider('aws'), getRegion: () => region })
  return resourceContext({ ...serverless, getProvider, service: { ...service, ...parts } } as Serverless)
}

const context = contextIn('eu-west-1')
const here = 'eu-west-1:000000000000'
const split = (text: unknown) => ({ 'Fn::Split': [',', text] })
const resolved: readonly [value: unknown, text: string | null][] = [
  ['text', 'text'],
  [3, '3'],
  [false, 'false'],
  [null, null],
  [{ Ref: 'AWS::NoValue' }, null],
  [{ Ref: 'AWS::Region' }, 'eu-west-1'],
  [{ Ref: 'AWS::AccountId' }, '000000000000'],
  [{ Ref: 'AWS::Partition' }, 'aws'],
  [{ Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
  [{ Ref: 'AWS::StackName' }, 'shop-dev'],
  [{ Ref: 'AWS::StackId' }, `arn:aws:cloudformation:${here}:stack/shop-dev/local`],
  [{ Ref: 'Level' }, 'info'],
  [{ Ref: 'Count' }, '3'],
  [{ Ref: 'Failed' }, 'https://sqs.eu-west-1.amazonaws.com/000000000000/failed'],
  [{ 'Fn::GetAtt': 'Failed.QueueName' }, 'failed'],
  [{ 'Fn::GetAtt': 'ByStack.QueueName' }, 'shop-dev-q'],
  [{ 'Fn::GetAtt': ['Failed', 'Arn'] }, `arn:aws:sqs:${here}:failed`],
  [{ Ref: 'Told' }, `arn:aws:sns:${here}:told`],
  [{ 'Fn::GetAtt': ['Told', 'TopicName'] }, 'told'],
  [{ Ref: 'Kept' }, 'kept'],
  [{ 'Fn::GetAtt': ['Kept', 'Arn'] }, 'arn:aws:s3:::kept'],
  [{ Ref: 'Rows' }, 'rows'],
  [{ 'Fn::GetAtt': ['Rows', 'Arn'] }, `arn:aws:dynamodb:${here}:table/rows`],
  [{ Ref: 'Bus' }, 'bus'],
  [{ 'Fn::GetAtt': 'Bus.Arn' }, `arn:aws:events:${here}:event-bus/bus`],
  [{ 'Fn::GetAtt': 'Flow.Arn' }, `arn:aws:kinesis:${here}:stream/flow`],
  [{ Ref: 'Nameless' }, 'https://sqs.eu-west-1.amazonaws.com/000000000000/Nameless'],
  [{ 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::bucket'],
  [{ Ref: 'Deployed' }, 'given'],
  [{ 'Fn::GetAtt': ['BillingLambdaFunction', 'Arn'] }, `arn:aws:lambda:${here}:function:billing`],
  [{ 'Fn::Join': ['-', ['f57', { Ref: 'AWS::Region' }]] }, 'f57-eu-west-1'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'a-b'],
  [{ 'Fn::Join': ['-', split('a,b')] }, 'a-b'],
  [{ 'Fn::Select': [1, ['a', { Ref: 'Level' }]] }, 'info'],
  [{ 'Fn::Select': ['0', split({ Ref: 'Level' })] }, 'info'],
  [sub(`arn:${$('AWS::Partition')}:sns:${$('AWS::Region')}:x`), 'arn:aws:sns:eu-west-1:x'],
  [sub(`${$('Failed.QueueName')}/${$('Level')}/${$('!Level')}`), `failed/info/${$('Level')}`],
  [sub(`${$('Level')}`, { Level: { Ref: 'Level' } }), 'info'],
  [sub(`${$('Own')}-${$('Level')}`, { Own: { Ref: 'AWS::Region' }, Level: 'mine' }), 'eu-west-1-mine'],
]

const unknownHere: readonly unknown[] = [
  { Ref: 'Unnamed' },
  { Ref: 'Elsewhere' },
  { Ref: 'Nowhere' },
  { Ref: 'Circle' },
  { Ref: 'Loop' },
  { Ref: 'Secret' },
  { Ref: 'Ami' },
  { Ref: 'AWS::NotificationARNs' },
  { Ref: 'toString' },
  { Ref: ['Failed'] },
  { 'Fn::GetAtt': ['Failed'] },
  { 'Fn::GetAtt': ['Failed', 'Nothing'] },
  { 'Fn::GetAtt': ['Level', 'Value'] },
  { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] },
  { 'Fn::GetAtt': 'Db.Endpoint.Address' },
  { 'Fn::ImportValue': 'shared-table' },
  { 'Fn::If': ['IsProd', 'a', 'b'] },
  { 'Fn::Join': ['-', ['a', { Ref: 'Nowhere' }]] },
  { 'Fn::Join': 'a' },
  { 'Fn::Select': [2, ['a', 'b']] },
  { 'Fn::Select': [0, split({ Ref: 'Nowhere' })] },
  sub(`a-${$('Nowhere')}`),
  sub(`a-${$('AWS::NoValue')}`),
  sub(7),
  { toString: 'x' },
  { a: 1 },
  ['a'],
  '{{resolve:ssm:/shop/url}}',
  'postgres://{{resolve:secretsmanager:db:SecretString:user}}@db',
]

describe('a value of the configuration', () => {
  for (const [value, text] of resolved)
    it(`given ${JSON.stringify(value)}, then it is ${text}`, () =>
      assert.equal(resolveText(value, context), text))

  for (const value of unknownHere)
    it(`given ${JSON.stringify(value)}, then only CloudFormation knows it`, () =>
      assert.equal(resolveText(value, context), undefined))

  it('given an endpoint of SQS, then the address of a queue leads there', () => {
    for (const queueEndpoint of ['http://127.0.0.1:24566', 'http://127.0.0.1:24566/'])
      for (const value of [{ Ref: 'Failed' }, { 'Fn::GetAtt': 'Failed.QueueUrl' }])
        assert.equal(
          resolveText(value, { ...context, queueEndpoint }),
          'http://127.0.0.1:24566/000000000000/failed',
        )
  })

  it('given a region of another partition, then names end and begin as there', () => {
    const china = contextIn('cn-north-1')
    assert.equal(resolveText({ Ref: 'AWS::URLSuffix' }, china), 'amazonaws.com.cn')
    assert.equal(resolveText({ Ref: 'Told' }, china), 'arn:aws-cn:sns:cn-north-1:000000000000:told')
    assert.equal(resolveText({ Ref: 'AWS::Partition' }, contextIn('us-gov-west-1')), 'aws-us-gov')
  })

  it('is an intrinsic function only if that is all the map has', () => {
    assert.equal(isIntrinsic({ Ref: 'a' }), true)
    for (const value of [{}, { arn: 'a' }, { Ref: 'a', type: 'sqs' }, ['Ref'], 'Ref', null])
      assert.equal(isIntrinsic(value), false)
  })
})
