import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { declaredResources } from '../../config/event-destination.ts'
import { createResources } from '../../deliver/destination-check.ts'

const context = { region: 'eu-west-1', stage: 'dev', accountId: '000000000000', stackName: 'shop' }
const resources = {
  Queue: {
    Type: 'AWS::SQS::Queue',
    Properties: { QueueName: { 'Fn::Join': ['-', [{ Ref: 'AWS::StackName' }, 'q']] } },
  },
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 't' } },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'b' } },
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'd' } },
  Nameless: { Type: 'AWS::SQS::Queue' },
}

describe('the queues, topics and buckets of resources', () => {
  const declared = declaredResources({ ...context, resources })

  it('have the ARNs that they have on this machine', () => {
    assert.deepEqual(
      declared.map(({ id, local }) => [id, local?.arn]),
      [
        ['Queue', 'arn:aws:sqs:eu-west-1:000000000000:shop-q'],
        ['Topic', 'arn:aws:sns:eu-west-1:000000000000:t'],
        ['Bucket', 'arn:aws:s3:::b'],
        ['Nameless', undefined],
      ],
    )
  })

  it('are logged in a line each if they are created, or cannot be; not if they exist', async () => {
    const lines: string[] = []
    const log = {
      notice: (line: string) => lines.push(`notice ${line}`),
      warning: (line: string) => lines.push(`warning ${line}`),
    }
    await createResources(declared, log, async kind => {
      if (kind === 's3') throw new Error('the name is taken')
      return kind === 'sqs'
    })
    assert.deepEqual(lines.sort(), [
      'notice msk  created queue shop-q',
      'warning msk  Nameless of resources is not created: only CloudFormation knows its name',
      'warning msk  bucket b is not created: the name is taken',
    ])
  })
})
