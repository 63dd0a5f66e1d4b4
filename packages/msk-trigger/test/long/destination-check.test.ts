import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { after, describe, it } from 'node:test'
import { declaredResources } from '../../config/event-destination.ts'
import { awsProblem } from '../../deliver/aws.ts'
import { createResources } from '../../deliver/destination-check.ts'
import { TestAws } from '../integration/aws.ts'

const endpoint = process.env.AWS_ENDPOINT_URL ?? ''

describe('what is wrong with a destination in AWS', () => {
  const aws = new TestAws()
  after(() => aws.close())

  it('is nothing if the queue, the topic or the bucket exists', async () => {
    assert.equal(await awsProblem('sqs', (await aws.queue()).arn), undefined)
    assert.equal(await awsProblem('sns', (await aws.topic()).arn), undefined)
    assert.equal(await awsProblem('s3', (await aws.bucket()).arn), undefined)
  })

  for (const [kind, arn, what] of [
    ['sqs', 'arn:aws:sqs:eu-west-1:000000000000:no-such', 'queue no-such'],
    ['sns', 'arn:aws:sns:eu-west-1:000000000000:no-such', 'topic of SNS no-such'],
    ['s3', 'arn:aws:s3:::no-such', 'bucket no-such'],
  ] as const)
    it(`is that the ${what} does not exist`, async () => {
      assert.equal(await awsProblem(kind, arn), `${what} does not exist at ${endpoint}: create it`)
    })

  it('reports that nothing answers at the endpoint, or that it is missing', async () => {
    const arn = 'arn:aws:sqs:eu-west-1:000000000000:any'
    try {
      process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:1'
      assert.match(
        (await awsProblem('sqs', arn)) ?? '',
        /^queue any cannot be reached at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
      )
      delete process.env.AWS_ENDPOINT_URL
      assert.match(
        (await awsProblem('sqs', arn)) ?? '',
        /AWS_ENDPOINT_URL is set, so nothing can be sent to arn:aws:sqs/,
      )
    } finally {
      process.env.AWS_ENDPOINT_URL = endpoint
    }
  })
})

describe('resources that are to be created', () => {
  it('exist afterwards, a line for each; a second start creates nothing', async () => {
    const own = randomUUID()
    const resources = {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `q-${own}` } },
      Ordered: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `q-${own}.fifo` } },
      Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: `t-${own}` } },
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: `b-${own}` } },
    }
    const declared = declaredResources({
      resources,
      region: 'eu-west-1',
      stage: 'it',
      accountId: '000000000000',
    })
    const lines: string[] = []
    const note = (line: string) => lines.push(line)
    for (let start = 0; start < 2; start += 1)
      await createResources(declared, { notice: note, warning: note })
    assert.deepEqual(lines.sort(), [
      `msk  created bucket b-${own}`,
      `msk  created queue q-${own}`,
      `msk  created queue q-${own}.fifo`,
      `msk  created topic of SNS t-${own}`,
    ])
    for (const { local } of declared)
      assert.equal(local && (await awsProblem(local.kind, local.arn)), undefined)
  })
})
