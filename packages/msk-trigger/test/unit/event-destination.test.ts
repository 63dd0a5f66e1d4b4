import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveDestination } from '../../config/event-destination.ts'
import { kafkaEvents, readEvents } from '../../config/event-settings.ts'
import { NOTHING_KNOWN, type ResourceContext } from '../../config/resources.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/id'
const here = 'eu-west-1:000000000000'
const resources = {
  Failed: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'failed' } },
  Told: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'told' } },
  Kept: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'kept' } },
  Rows: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'rows' } },
  Nameless: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::ImportValue': 'name' } } },
  Ordered: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'ordered.fifo' } },
  OrderedNameless: { Type: 'AWS::SNS::Topic', Properties: { FifoTopic: true } },
  Other: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'other' } },
}
const context: ResourceContext = { resources, region: 'eu-west-1' }

function destination(settings: object, of = context) {
  const [event] = readEvents(kafkaEvents({ f: { events: [{ msk: { arn, topic: 't', ...settings } }] } }))
  assert.ok(event)
  return resolveDestination(event, of)
}

const sqs = (name: string) => ({ kind: 'sqs', arn: `arn:aws:sqs:${here}:${name}` })
const getArn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] })

describe('the destination of an event', () => {
  const known: [reference: unknown, local: object, inTemplate: unknown][] = [
    [getArn('Failed'), sqs('failed'), getArn('Failed')],
    [{ 'Fn::GetAtt': 'Failed.Arn' }, sqs('failed'), { 'Fn::GetAtt': 'Failed.Arn' }],
    // `Ref` returns the address of a queue and the name of a bucket in the cloud, which Lambda rejects.
    [{ Ref: 'Failed' }, sqs('failed'), getArn('Failed')],
    [{ Ref: 'Kept' }, { kind: 's3', arn: 'arn:aws:s3:::kept' }, getArn('Kept')],
    [{ Ref: 'Told' }, { kind: 'sns', arn: `arn:aws:sns:${here}:told` }, { Ref: 'Told' }],
    ['kafka://failed', { kind: 'kafka', topic: 'failed' }, 'kafka://failed'],
  ]
  for (const [reference, local, inTemplate] of known) {
    // Promise packages/msk-trigger/RULES.md#rule 42
    it(`given ${JSON.stringify(reference).slice(0, 60)}, then its kind is inferred (rule 42)`, () => {
      for (const onFailureDestination of [reference, { arn: reference }])
        assert.deepEqual(destination({ onFailureDestination }), {
          kind: (local as { kind: string }).kind,
          reference: inTemplate,
          local,
        })
    })
  }

  const unresolved: [onFailure: unknown, kind: string][] = [
    [getArn('Nameless'), 'sqs'],
    [{ Ref: 'Nameless' }, 'sqs'],
    [{ arn: getArn('Elsewhere'), type: 's3' }, 's3'],
    [{ arn: { 'Fn::ImportValue': 'other' }, type: 'sns' }, 'sns'],
  ]
  for (const [onFailure, kind] of unresolved) {
    it(`given ${JSON.stringify(onFailure).slice(0, 60)}, then its kind alone is known`, () => {
      const found = destination({ onFailureDestination: onFailure })
      assert.equal(found?.kind, kind)
      assert.equal(found.local, undefined)
    })
  }

  const refused: [onFailure: unknown, message: RegExp][] = [
    [
      { 'Fn::ImportValue': 'other' },
      /^ConfigurationError: onFailureDestination of the msk event of function "f" is \{"Fn::ImportValue":"other"\}, which only CloudFormation can resolve: write \{ arn, type \}/,
    ],
    [{ Ref: 'Elsewhere' }, /only CloudFormation can resolve: write \{ arn, type \}/],
    [getArn('Other'), /which is of the type AWS::Lambda::Function; it must be the ARN of an SQS queue/],
    [{ 'Fn::GetAtt': ['Failed', 'QueueName'] }, /which is "failed" here; it must be the ARN of an SQS queue/],
    [
      'arn:aws:sqs:eu-west-1:123456789012:q.fifo',
      /^ConfigurationError: onFailureDestination of the msk event of function "f" is "arn:aws:sqs:eu-west-1:123456789012:q\.fifo", which is FIFO: Lambda sends discarded records to standard queues and topics only$/,
    ],
    ['arn:aws:sns:eu-west-1:123456789012:t.fifo', /t\.fifo", which is FIFO/],
    [getArn('Ordered'), /is \{"Fn::GetAtt":\["Ordered","Arn"\]\}, which is FIFO/],
    [{ arn: { Ref: 'Ordered' } }, /which is FIFO/],
    [{ arn: { Ref: 'OrderedNameless' }, type: 'sns' }, /which is FIFO/],
    [{ arn: getArn('Failed'), type: 'sns' }, /which is of the type sqs, not sns/],
    [{ arn: { Ref: 'Nameless' }, type: 'sns' }, /which is of the type sqs, not sns/],
  ]
  for (const [onFailure, message] of refused) {
    // Promise packages/msk-trigger/RULES.md#rule 50
    it(`given ${JSON.stringify(onFailure)}, then it is rejected (rule 50)`, () =>
      assert.throws(() => destination({ onFailureDestination: onFailure }), message))
  }

  it('given neither a text nor a reference, then what it must be is said', () => {
    for (const onFailureDestination of [
      7,
      ['q'],
      {},
      { Queue: 'q' },
      { arn: getArn('Failed'), type: 'kinesis' },
    ])
      assert.throws(
        () => destination({ onFailureDestination }),
        /onFailureDestination of the msk event of function "f" must be the ARN .* or a reference to such a resource/,
      )
  })

  it('given a missing or empty one, then the function has no destination', () => {
    for (const settings of [{}, { onFailureDestination: '' }])
      assert.equal(destination(settings, NOTHING_KNOWN), undefined)
  })
})
