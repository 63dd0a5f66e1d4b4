/** Queue that is subscribed to the alerts topic, like the queue of a program that receives alerts. */
import { randomUUID } from 'node:crypto'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { awsEndpoint } from '@sluice/test-kit/servers'

const REGION = 'us-east-1'
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** Content of a message that SNS has sent to the queue. */
export interface Envelope {
  readonly Subject: string
  readonly Message: string
  readonly MessageAttributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>
}

export class AlertsQueue {
  readonly #url: string
  /** All messages received so far. */
  readonly received: Envelope[] = []

  private constructor(url: string) {
    this.#url = url
  }

  /** Creates a queue that is subscribed to the alerts topic. @param filter filter policy for message attributes */
  static async subscribed(env: string, filter: object): Promise<AlertsQueue> {
    const name = `alerts-${randomUUID()}`
    const { QueueUrl } = await sqs('CreateQueue', { QueueName: name })
    const sns = new SNSClient({ endpoint: awsEndpoint(), region: REGION, credentials: CREDENTIALS })
    // The topic already exists, so this request only returns its ARN.
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: `sluice-alerts-${env}` }))
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: `arn:aws:sqs:${REGION}:000000000000:${name}`,
        Attributes: { FilterPolicy: JSON.stringify(filter) },
      }),
    )
    sns.destroy()
    return new AlertsQueue(String(QueueUrl))
  }

  /** Receives pending messages. Waits at most one second for them. */
  async receive(): Promise<void> {
    const QueueUrl = this.#url
    const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }
    const { Messages = [] } = (await sqs('ReceiveMessage', request)) as {
      Messages?: readonly { Body: string; ReceiptHandle: string }[]
    }
    for (const { Body, ReceiptHandle } of Messages) {
      this.received.push(JSON.parse(Body))
      await sqs('DeleteMessage', { QueueUrl, ReceiptHandle })
    }
  }
}

/** Sends a request with the JSON protocol of SQS, so that the tests need no SQS client. LocalStack ignores signatures. */
async function sqs(action: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(awsEndpoint(), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`SQS ${action}: ${response.status} ${text}`)
  return text === '' ? {} : JSON.parse(text)
}
