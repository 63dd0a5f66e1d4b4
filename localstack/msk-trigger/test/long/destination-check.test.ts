import assert from 'node:assert/strict'
import process from 'node:process'
import { after, describe, it } from 'node:test'
import { awsProblem } from '../../deliver/aws-check.ts'
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

  it('is that nothing answers at the endpoint, or that none is set', async () => {
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
