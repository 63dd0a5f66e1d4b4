/** Sink that publishes notifications to the SNS topic. */
import { rejected } from '../../../packages/runtime/consumer/process.ts'
import { type Delivered, delivered, type Sink } from '../../../packages/runtime/consumer/sink.ts'
import { digestOf, forDigest, type Message, messageOf, OLD_MS } from '../message.ts'
import { NOTIFICATION_TYPE, type Notification } from '../notification.ts'
import type { Receiver } from '../receiver.ts'

import { SNS_BATCH, SNS_BYTES, type SnsMessage, snsBytes, snsMessage } from './message.ts'

/** Message that SNS has permanently rejected, and the reason. */
export interface NotPublished {
  readonly why: string
}

export interface AlertsTopic {
  /**
   * Publishes messages in one request. There must be at most `SNS_BATCH` messages, with a total size of at most `SNS_BYTES`.
   *
   * @returns one element for each message: undefined if it was published, otherwise the reason for its rejection
   * @throws RetryableError if a retry may succeed; some of the messages may have been published
   */
  publish(messages: readonly SnsMessage[]): Promise<readonly (NotPublished | undefined)[]>
}

/**
 * Returns the sink.
 *
 * @param receivers all receivers, including other kinds, because this sink also reports unknown receiver names
 * @param env name of the environment, which is shown in messages
 */
export function snsSink(receivers: readonly Receiver[], env: string, topic: AlertsTopic): Sink<Notification> {
  const names = new Set(receivers.flatMap(({ kind, name }) => (kind === 'sns' ? [name] : [])))
  const known = new Set(receivers.map(({ name }) => name))
  const named = ({ notification }: Message) => notification.receivers.filter(name => names.has(name))
  const isNamed = (message: Message) => named(message).length > 0
  /** Rejects messages to unknown receivers, because their notifications would otherwise be lost without an error. */
  const withUnknown = (answer: Delivered, messages: readonly Message[]): Delivered => {
    const receivers = new Set(messages.flatMap(({ notification }) => notification.receivers))
    const unknown = [...receivers].filter(name => !known.has(name))
    if (answer.kind !== 'delivered' || unknown.length === 0) return answer
    return rejected(`unknown receiver ${unknown.join(', ')}; other receivers are not affected`)
  }
  return {
    name: 'notify-sns',
    accepts: [NOTIFICATION_TYPE],
    batchSize: SNS_BATCH,
    async deliver(deliveries) {
      const messages = deliveries.map(delivery => messageOf(delivery, env))
      const published = await publishAll(topic, messages.filter(isNamed), named)
      return messages.map(message => {
        return withUnknown(published.get(message) ?? delivered('other-receivers'), [message])
      })
    },
    digest: {
      olderThanMs: OLD_MS,
      async deliver({ deliveries, key }) {
        const all = deliveries.map(delivery => messageOf(delivery, env))
        const messages = [...names].flatMap(name => digestOf(forDigest(all, name), name, key) ?? [])
        const answers = await publishAll(topic, messages, named)
        const failed = [...answers.values()].find(({ kind }) => kind !== 'delivered')
        return withUnknown(failed ?? delivered(messages.length > 0 ? 'delivered' : 'other-receivers'), all)
      },
    },
  }
}

async function publishAll(
  topic: AlertsTopic,
  messages: readonly Message[],
  named: (message: Message) => readonly string[],
): Promise<Map<Message, Delivered>> {
  const answers = new Map<Message, Delivered>()
  const built = messages.map(message => ({ message, toSend: snsMessage(message, named(message)) }))
  for (const call of calls(built)) {
    const results = await topic.publish(call.map(({ toSend }) => toSend))
    for (const [index, { message }] of call.entries()) answers.set(message, answerOf(results[index]))
  }
  return answers
}

function answerOf(refusal: NotPublished | undefined): Delivered {
  return refusal ? rejected(`sns: ${refusal.why}`) : delivered('published')
}

/**
 * Splits messages into as few requests as the limits allow, in order. Messages of the same group are never sent in the same
 * request. SNS could accept the second message and reject the first, so that a resolution would be delivered before its firing
 * alert.
 */
function calls<T extends { readonly message: Message; readonly toSend: SnsMessage }>(
  built: readonly T[],
): T[][] {
  const all: T[][] = []
  let bytes = 0
  for (const one of built) {
    const own = snsBytes(one.toSend)
    const call = all.at(-1)
    const hasRoom = call && call.length < SNS_BATCH && bytes + own <= SNS_BYTES
    if (hasRoom && call.every(({ message }) => groupOf(message) !== groupOf(one.message))) call.push(one)
    else {
      all.push([one])
      bytes = 0
    }
    bytes += own
  }
  return all
}

function groupOf({ notification }: Message): string {
  return notification.group
}
