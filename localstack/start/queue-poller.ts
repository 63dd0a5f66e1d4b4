/** Stands in for the event source mapping of an SQS queue: serverless-offline has none. */
import { setTimeout as pause } from 'node:timers/promises'

/** Calls an action of SQS. Rejects if the answer is an error. */
export type Sqs = (action: string, input: object) => Promise<Readonly<Record<string, unknown>>>

export interface QueuePolling {
  /** `arn:aws:sqs:<region>:<account>:<queue>` */
  readonly queueArn: string
  readonly sqs: Sqs
  /** Invokes the function. Resolves with its answer; rejects with what it throws. */
  invoke(event: object): Promise<unknown>
  /** Receives a line when something is wrong, once until it works again. */
  say(line: string): void
  /** The longest wait for messages in one request; 20 s by default, the most that SQS allows. */
  readonly waitSeconds?: number
  /** The wait after an error; 5 s by default. */
  readonly pauseMs?: number
}

interface Message {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
}

/** Delivers the messages of the queue until the signal. A message that the function does not take comes again. */
export async function pollQueue(polling: QueuePolling, signal: AbortSignal): Promise<void> {
  const { queueArn, sqs, say, waitSeconds = 20, pauseMs = 5_000 } = polling
  const [, , , , , QueueName = ''] = queueArn.split(':')
  let told: string | undefined
  while (!signal.aborted)
    try {
      const { QueueUrl } = await sqs('GetQueueUrl', { QueueName })
      const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds }
      const { Messages = [] } = (await sqs('ReceiveMessage', request)) as { Messages?: readonly Message[] }
      if (Messages.length > 0) await deliver(polling, Messages, QueueUrl)
      told = undefined
    } catch (error) {
      const why = (error as Error).message
      if (signal.aborted) return
      if (why !== told) say(`queue ${QueueName}: ${why}`)
      told = why
      await pause(pauseMs, undefined, { signal }).catch(() => {})
    }
}

async function deliver(
  { queueArn, sqs, invoke }: QueuePolling,
  messages: readonly Message[],
  QueueUrl: unknown,
): Promise<void> {
  const Records = messages.map(({ MessageId, ReceiptHandle, Body }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3],
    attributes: {},
    messageAttributes: {},
  }))
  const answer = (await invoke({ Records })) as {
    batchItemFailures?: readonly { readonly itemIdentifier: string }[]
  } | null
  const stay = new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier))
  for (const { MessageId, ReceiptHandle } of messages)
    if (!stay.has(MessageId)) await sqs('DeleteMessage', { QueueUrl, ReceiptHandle })
}

/** SQS of a local cloud, by the JSON protocol. It looks at no signature. */
export function localSqs(endpoint: string, region: string, signal?: AbortSignal): Sqs {
  const credential = `test/20260101/${region}/sqs/aws4_request`
  return async (action, input) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(input),
      ...(signal ? { signal } : {}),
    })
    const text = await response.text()
    const answer = text === '' ? {} : JSON.parse(text)
    if (response.ok) return answer
    throw new Error(`${action} was answered with status ${response.status}: ${answer.__type ?? 'no reason'}`)
  }
}
