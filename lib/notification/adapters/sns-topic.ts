/** Publishes to the SNS topic of an environment's alerts. */
import {
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  paginateListTopics,
  SNSClient,
} from '@aws-sdk/client-sns'
import { RetryableError } from '#runtime/consumer'
import type { AwsPlace } from '#runtime/operating/servers'
import { encodeAttribute, type SnsMessage } from '../sns/sns-message.ts'
import type { AlertsTopic, NotPublished } from '../sns/sns-receivers.ts'

/** Timeouts in milliseconds. An unresponsive connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, socketTimeout: 10_000 }

/**
 * Names of SNS errors that are caused by the content of a message. After such an error, a retry cannot succeed; after any other
 * error, it can.
 */
const FINAL =
  /^(InvalidParameter|ParameterValueInvalid|InvalidBatchEntryId|BatchRequestTooLong|InvalidSecurity|ValidationException)/

/**
 * Finds the ARN of a topic.
 *
 * @returns undefined if the topic does not exist
 */
export async function findTopicArn(access: AwsPlace, name: string): Promise<string | undefined> {
  const client = new SNSClient({ ...access, requestHandler: TIMEOUTS })
  try {
    for await (const { Topics = [] } of paginateListTopics({ client }, {})) {
      const found = Topics.find(({ TopicArn = '' }) => TopicArn.endsWith(`:${name}`))
      if (found) return found.TopicArn
    }
    return undefined
  } finally {
    client.destroy()
  }
}

export class SnsTopic implements AlertsTopic {
  readonly #arn: string
  readonly #client: SNSClient

  /** @param access endpoint and credentials. The region is read from the ARN. */
  constructor(arn: string, access: AwsPlace = {}) {
    this.#arn = arn
    const [, , , region = ''] = arn.split(':')
    this.#client = new SNSClient({ ...access, region, requestHandler: TIMEOUTS })
  }

  async publish(messages: readonly SnsMessage[]): Promise<readonly (NotPublished | undefined)[]> {
    const PublishBatchRequestEntries = messages.map(toBatchEntry)
    const command = new PublishBatchCommand({ TopicArn: this.#arn, PublishBatchRequestEntries })
    const { Failed = [] } = await this.#client.send(command).catch((error: NodeJS.ErrnoException) => {
      // After this error, the sink publishes the messages one by one, so that only the invalid one fails.
      if (FINAL.test(error.name)) throw error
      const { name, message, code } = error
      throw new RetryableError(`${this.#arn}: ${name}: ${message || code}`, { cause: error })
    })
    return messages.map((_, index) => {
      const failed = Failed.find(({ Id }) => Id === String(index))
      // Without a fault of the sender, SNS has throttled the message or had an internal error.
      return failed && { why: failed.Code ?? 'failed', isTemporary: failed.SenderFault !== true }
    })
  }

  close(): void {
    this.#client.destroy()
  }
}

function toBatchEntry({ subject, message, attributes }: SnsMessage, index: number): PublishBatchRequestEntry {
  const typed = Object.entries(attributes).map(([name, value]) => {
    const [DataType, StringValue] = encodeAttribute(value)
    return [name, { DataType, StringValue }] as const
  })
  return {
    Id: String(index),
    Subject: subject,
    Message: message,
    MessageStructure: 'json',
    MessageAttributes: Object.fromEntries(typed),
  }
}
