// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type IntrinsicContext, isIntrinsic, resolveIntrinsics } from '../../config/intrinsics.ts'

const resources = {
  Failed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failed' } },
  Told: { Type: 'AWS::SNS::Topic', Properties: { TopicName: { 'Fn::Sub': '${AWS::StackName}-told' } } },
  Kept: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'kept' } },
  Login: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'kafka/login' } },
  Cluster: { Type: 'AWS::MSK::Cluster', Properties: { ClusterName: 'shop' } },
  Schemas: { Type: 'AWS::Glue::Registry', Properties: { Name: 'schemas' } },
  Nameless: { Type: 'AWS::SQS::Queue' },
  Circular: {
    Type: 'AWS::SQS::Queue',
    Properties: { QueueName: { 'Fn::GetAtt': ['Circular', 'QueueName'] } },
  },
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'table' } },
  Setting: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/own/setting' } },
  Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'role' } },
}
const context: IntrinsicContext = {
  resources,
  region: 'eu-west-1',
  stage: 'dev',
  accountId: '000000000000',
  stackName: 'shop-dev',
  imports: { 'shared-queue': 'arn:aws:sqs:eu-west-1:1:shared' },
}
const queue = 'arn:aws:sqs:eu-west-1:000000000000:failed'

describe('intrinsic functions', () => {
  const known: [value: unknown, result: unknown][] = [
    [{ Ref: 'Failed' }, 'https://sqs.eu-west-1.amazonaws.com/000000000000/failed'],
    [{ 'Fn::GetAtt': ['Failed', 'Arn'] }, queue],
    [{ 'Fn::GetAtt': 'Failed.Arn' }, queue],
    [{ 'Fn::GetAtt': 'Failed.QueueName' }, 'failed'],
    [{ Ref: 'Told' }, 'arn:aws:sns:eu-west-1:000000000000:shop-dev-told'],
    [{ 'Fn::GetAtt': ['Told', 'TopicArn'] }, 'arn:aws:sns:eu-west-1:000000000000:shop-dev-told'],
    [{ Ref: 'Kept' }, 'kept'],
    [{ 'Fn::GetAtt': ['Kept', 'Arn'] }, 'arn:aws:s3:::kept'],
    [{ Ref: 'Table' }, 'table'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:eu-west-1:000000000000:table/table'],
    [{ Ref: 'Setting' }, '/own/setting'],
    [{ Ref: 'Login' }, 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:kafka/login'],
    [
      { Ref: 'Cluster' },
      'arn:aws:kafka:eu-west-1:000000000000:cluster/shop/00000000-0000-0000-0000-000000000000-1',
    ],
    [{ 'Fn::GetAtt': ['Schemas', 'Arn'] }, 'arn:aws:glue:eu-west-1:000000000000:registry/schemas'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ 'Fn::Sub': 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:failed' }, queue],
    [{ 'Fn::Sub': '${Failed.Arn}-${Kept}' }, `${queue}-kept`],
    [
      { 'Fn::Sub': ['${name}/${ AWS::Region }/${!kept}', { name: { Ref: 'Kept' } }] },
      'kept/eu-west-1/${kept}',
    ],
    [{ 'Fn::Join': [':', ['arn:aws:sqs', { Ref: 'AWS::Region' }, '000000000000', 'failed']] }, queue],
    [{ 'Fn::Join': ['-', { 'Fn::Split': ['.', 'a.b'] }] }, 'a-b'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['.', 'a.b'] }] }, 'b'],
    [{ 'Fn::ImportValue': 'shared-queue' }, 'arn:aws:sqs:eu-west-1:1:shared'],
    [{ 'Fn::ImportValue': { 'Fn::Sub': ['${x}-queue', { x: 'shared' }] } }, 'arn:aws:sqs:eu-west-1:1:shared'],
    [
      { a: [{ Ref: 'Kept' }, 1], b: { c: null } },
      { a: ['kept', 1], b: { c: null } },
    ],
    [queue, queue],
    [7, 7],
    [null, null],
  ]
  for (const [value, result] of known) {
    it(`given ${JSON.stringify(value).slice(0, 70)}, then it is resolved`, () =>
      assert.deepEqual(resolveIntrinsics(value, context), result))
  }

  const unknown: unknown[] = [
    { Ref: 'Nameless' },
    { Ref: 'Nowhere' },
    { Ref: 'toString' },
    { Ref: ['Failed'] },
    { Ref: 'Circular' },
    { Ref: 'Role' },
    { 'Fn::GetAtt': ['Setting', 'Value'] },
    { Ref: 'AWS::StackId' },
    { 'Fn::GetAtt': ['Failed'] },
    { 'Fn::GetAtt': ['Failed', 'Nothing'] },
    { 'Fn::Sub': 'a-${Nameless.Arn}' },
    { 'Fn::Sub': 7 },
    { 'Fn::Join': ['-', ['a', { Ref: 'Nowhere' }]] },
    { 'Fn::Join': 'a' },
    { 'Fn::Select': [5, ['a']] },
    { 'Fn::ImportValue': 'other' },
    { 'Fn::If': ['IsProd', 'a', 'b'] },
    { a: { Ref: 'Nowhere' } },
  ]
  for (const value of unknown) {
    it(`given ${JSON.stringify(value)}, then it is unknown here`, () =>
      assert.equal(resolveIntrinsics(value, context), undefined))
  }

  it('given a region of another partition, then its ARNs and addresses are of that partition', () => {
    const there = { ...context, region: 'cn-north-1' }
    assert.equal(
      resolveIntrinsics({ 'Fn::GetAtt': ['Failed', 'Arn'] }, there),
      'arn:aws-cn:sqs:cn-north-1:000000000000:failed',
    )
    assert.equal(
      resolveIntrinsics({ Ref: 'Failed' }, there),
      'https://sqs.cn-north-1.amazonaws.com.cn/000000000000/failed',
    )
  })

  it('given a map, then it is an intrinsic function only if that is all it has', () => {
    assert.equal(isIntrinsic({ Ref: 'a' }), true)
    assert.equal(isIntrinsic({ 'Fn::If': [] }), true)
    for (const value of [{}, { arn: 'a' }, { Ref: 'a', type: 'sqs' }, ['Ref'], 'Ref', null])
      assert.equal(isIntrinsic(value), false)
  })
})
