import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import { freePort } from '#local-servers/ports'
import { RetryableError } from '#runtime/consumer'
import { SnsTopic } from '../../../lib/notification/adapters/sns-topic.ts'
import { snsMessage } from '../../../lib/notification/sns/sns-message.ts'
import { message } from './messages.ts'

/** The answer of SNS when the second of two messages fails. */
function answer(code: string, isOfSender: boolean): string {
  return `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>
<Successful><member><Id>0</Id><MessageId>m</MessageId></member></Successful>
<Failed><member><Id>1</Id><Code>${code}</Code><SenderFault>${isOfSender}</SenderFault></member></Failed>
</PublishBatchResult></PublishBatchResponse>`
}

describe('a topic that does not take messages', () => {
  const createTopic = (port: number) =>
    new SnsTopic('arn:aws:sns:eu-west-1:000000000000:sluice-alerts-test', {
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })

  async function refusal(port: number): Promise<string> {
    const topic = createTopic(port)
    try {
      await topic.publish([snsMessage(message())])
    } catch (error) {
      assert.ok(error instanceof RetryableError, String(error))
      return error.message
    } finally {
      topic.close()
    }
    return 'published'
  }

  it('given no server, then the reason is that of the network', async () => {
    assert.match(await refusal(await freePort()), /:sluice-alerts-test: (AggregateError: )?.*ECONNREFUSED/)
  })

  it('given an answer of SNS, then the reason is its name and message', async context => {
    const xml =
      '<ErrorResponse><Error><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>'
    const { port, close } = await startHttpServer((request, response) => {
      request.resume()
      response.writeHead(404, { 'content-type': 'text/xml' }).end(xml)
    })
    context.after(close)
    const reason = await refusal(port)
    assert.match(reason, /:sluice-alerts-test: NotFound\w*: Topic does not exist$/)
  })
})

describe('a topic that takes one of two messages', () => {
  let body = ''
  let server: HttpServer
  let topic: SnsTopic

  before(async () => {
    server = await startHttpServer((request, response) => {
      request.resume()
      response.setHeader('content-type', 'text/xml').end(body)
    })
    topic = new SnsTopic('arn:aws:sns:eu-west-1:000000000000:sluice-alerts-test', {
      endpoint: server.url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    })
  })

  after(() => {
    topic.close()
    return server.close()
  })

  const publish = () => topic.publish(['n1', 'n2'].map(id => snsMessage(message({ group: id }))))

  for (const code of ['InternalError', 'Throttling'])
    it(`given ${code}, for which the sender is not at fault, then that message may be accepted later`, async () => {
      body = answer(code, false)
      assert.deepEqual(await publish(), [undefined, { why: code, isTemporary: true }])
    })

  it('given a fault of the sender, then that message is refused, and the other published', async () => {
    body = answer('InvalidParameter', true)
    assert.deepEqual(await publish(), [undefined, { why: 'InvalidParameter', isTemporary: false }])
  })
})
