/** Publishes to the SNS topic of an environment's alerts. */
import {
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  paginateListTopics,
  SNSClient,
} from '@aws-sdk/client-sns'
import type { AwsPlace } from '../../../packages/runtime/adapters/aws/clients.ts'
import { RetryableError } from '../../../packages/runtime/consumer/author-errors.ts'
import { attributeOf, type SnsMessage } from '../../notification/sns/message.ts'
import type { AlertsTopic, NotPublished } from '../../notification/sns/sink.ts'
import { alertsTopicName } from '../resource-names.ts'

/** A frozen or silent connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, socketTimeout: 10_000 }

/** Errors of the messages themselves. After any other error, the same messages may be accepted later. */
const FINAL =
  /^(InvalidParameter|ParameterValueInvalid|InvalidBatchEntryId|BatchRequestTooLong|InvalidSecurity|ValidationException)/

/**
 * The ARN of an environment's topic, of those that exist.
 *
 * @returns undefined if it is missing
 */
export async function findAlertsTopic(access: AwsPlace, env: string): Promise<string | undefined> {
  const client = new SNSClient({ ...access, requestHandler: TIMEOUTS })
  try {
    for await (const { Topics = [] } of paginateListTopics({ client }, {})) {
      const found = Topics.find(({ TopicArn = '' }) => TopicArn.endsWith(`:${alertsTopicName(env)}`))
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

  /** @param access where it is; the region is that of the ARN */
  constructor(arn: string, access: AwsPlace = {}) {
    this.#arn = arn
    const [, , , region = ''] = arn.split(':')
    this.#client = new SNSClient({ ...access, region, requestHandler: TIMEOUTS })
  }

  async publish(messages: readonly SnsMessage[]): Promise<readonly (NotPublished | undefined)[]> {
    const PublishBatchRequestEntries = messages.map(entryOf)
    const command = new PublishBatchCommand({ TopicArn: this.#arn, PublishBatchRequestEntries })
    const { Failed = [] } = await this.#client.send(command).catch((error: Error) => {
      // Thrown on, the sink is offered the messages one by one, so that only the wrong one fails.
      if (FINAL.test(error.name)) throw error
      throw new RetryableError(`${this.#arn}: ${error.name}`, { cause: error })
    })
    // Throttled, or an internal error: they are offered again with those that were published, which keep their ids.
    const later = Failed.find(({ SenderFault }) => SenderFault !== true)
    if (later) throw new RetryableError(`${this.#arn}: ${later.Code ?? 'failed'}`)
    return messages.map((_, index) => {
      const failed = Failed.find(({ Id }) => Id === String(index))
      return failed && { why: failed.Code ?? 'failed' }
    })
  }

  close(): void {
    this.#client.destroy()
  }
}

function entryOf({ subject, message, attributes }: SnsMessage, index: number): PublishBatchRequestEntry {
  const typed = Object.entries(attributes).map(([name, value]) => {
    const [DataType, StringValue] = attributeOf(value)
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
