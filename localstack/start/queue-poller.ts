/** Polls an SQS queue. serverless-offline does not support event source mappings for SQS. */
import { setTimeout as pause } from 'node:timers/promises'

/** Calls an SQS action. Rejects if the response is an error. */
export type Sqs = (action: string, input: object) => Promise<Readonly<Record<string, unknown>>>

export interface QueuePolling {
  /** ARN of the queue: `arn:aws:sqs:<region>:<account>:<queue>`. */
  readonly queueArn: string
  readonly sqs: Sqs
  /** Invokes the function. Resolves with its response; rejects with its error. */
  invoke(event: object): Promise<unknown>
  /** Receives a message about an error. Further errors are not reported until the queue has worked again. */
  say(line: string): void
  /** Maximum wait for messages in one request, in seconds; default 20, the maximum of SQS. */
  readonly waitSeconds?: number
  /** Delay after an error, in milliseconds; default 5,000. */
  readonly pauseMs?: number
}

interface Message {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
}

/**
 * Delivers the messages of the queue to the function until the signal is aborted. Messages that the function does not accept are
 * delivered again.
 */
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

/** Returns a client for a local SQS emulator that uses the JSON protocol. Local emulators do not check signatures. */
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
    throw new Error(`${action} returned status ${response.status}: ${answer.__type ?? 'no reason'}`)
  }
}
