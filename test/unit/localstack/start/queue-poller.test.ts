import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pollQueue, type Sqs } from '../../../../localstack/start/queue-poller.ts'

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:given-up'
const message = (id: string) => ({ MessageId: id, ReceiptHandle: `handle-${id}`, Body: `body-${id}` })

/** Polls a queue that has these messages, one answer after the other, until there is no more. */
async function polled(
  answers: readonly (readonly string[] | Error)[],
  invoke: (event: { Records: { messageId: string; body: string }[] }) => unknown,
) {
  const over = new AbortController()
  const deleted: unknown[] = []
  const lines: string[] = []
  const left = [...answers]
  const sqs: Sqs = async (action, input) => {
    if (action === 'GetQueueUrl') return { QueueUrl: `url-${(input as { QueueName: string }).QueueName}` }
    if (action === 'DeleteMessage') {
      deleted.push(input)
      return {}
    }
    assert.deepEqual(input, { QueueUrl: 'url-given-up', MaxNumberOfMessages: 10, WaitTimeSeconds: 20 })
    const next = left.shift()
    if (left.length === 0) over.abort()
    if (next instanceof Error) throw next
    return next && next.length > 0 ? { Messages: next.map(message) } : {}
  }
  const asked = { queueArn, sqs, say: (line: string) => void lines.push(line), pauseMs: 0 }
  await pollQueue({ ...asked, invoke: async event => invoke(event as never) }, over.signal)
  return { deleted, lines }
}

describe('the poller of a queue', () => {
  it('given messages, then the function gets them as Lambda would send them, and they are deleted', async () => {
    const got: string[] = []
    const { deleted, lines } = await polled([['a', 'b'], []], ({ Records }) => {
      got.push(...Records.map(({ messageId, body }) => `${messageId} ${body}`))
      return { batchItemFailures: [] }
    })
    assert.deepEqual(got, ['a body-a', 'b body-b'])
    assert.deepEqual(deleted, [
      { QueueUrl: 'url-given-up', ReceiptHandle: 'handle-a' },
      { QueueUrl: 'url-given-up', ReceiptHandle: 'handle-b' },
    ])
    assert.deepEqual(lines, [])
  })

  it('given one that the function does not take, then it stays in the queue', async () => {
    const { deleted } = await polled([['a', 'b'], []], () => ({
      batchItemFailures: [{ itemIdentifier: 'a' }],
    }))
    assert.deepEqual(deleted, [{ QueueUrl: 'url-given-up', ReceiptHandle: 'handle-b' }])
  })

  it('given a function that fails, then all stay, one line says so, and polling continues', async () => {
    let calls = 0
    const { deleted, lines } = await polled([['a'], ['a'], ['a'], []], () => {
      calls += 1
      if (calls < 3) throw new Error('no Kafka')
      return null
    })
    assert.deepEqual(lines, ['queue given-up: no Kafka'])
    assert.equal(deleted.length, 1)
  })
})
