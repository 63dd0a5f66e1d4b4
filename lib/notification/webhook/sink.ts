/** Sink that delivers notifications to webhooks. A slow or unavailable webhook does not delay the others in the same batch. */

import { RetryableError } from '../../../packages/runtime/consumer/author-errors.ts'
import { rejected } from '../../../packages/runtime/consumer/process.ts'
import { type Delivered, delivered, retry, type Sink } from '../../../packages/runtime/consumer/sink.ts'
import { messageOf, OLD_MS } from '../message.ts'
import { NOTIFICATION_TYPE, type Notification } from '../notification.ts'
import type { Receiver } from '../receiver.ts'
import type { WebhookPorts } from './attempt.ts'
import { Lane } from './lane.ts'

/**
 * Number of messages per call of the sink. It is the number that Lambda delivers at once: if a batch has to wait, messages after it
 * are not delivered to any webhook.
 */
const BATCH = 100

/**
 * Returns the sink.
 *
 * @param receivers all receivers; receivers of other kinds are ignored
 * @param env name of the environment, which is shown in messages
 */
export function webhookSink(
  receivers: readonly Receiver[],
  env: string,
  ports: WebhookPorts,
): Sink<Notification> {
  const lanes = new Map(
    receivers.flatMap(receiver =>
      receiver.kind === 'webhook' ? [[receiver.name, new Lane(receiver, ports)] as const] : [],
    ),
  )
  return {
    name: 'notify-webhook',
    accepts: [NOTIFICATION_TYPE],
    batchSize: BATCH,
    async deliver(deliveries) {
      const messages = deliveries.map(delivery => messageOf(delivery, env))
      const answers = messages.map((): Delivered[] => [])
      const waiting: string[] = []
      await Promise.all(
        [...lanes].map(async ([name, lane]) => {
          const own = [...messages.entries()].filter(([, { notification }]) =>
            notification.receivers.includes(name),
          )
          const outcomes = await lane.deliver(own.map(([, message]) => message))
          for (const [at, [index, message]] of own.entries()) {
            const outcome = outcomes[at] as Delivered
            answers[index]?.push(outcome)
            if (outcome.kind === 'retry' && lane.waits(message)) waiting.push(outcome.why)
          }
        }),
      )
      // Throw only after every webhook has been called. Messages that a webhook has accepted are not sent to it again.
      if (waiting.length > 0) throw new RetryableError(waiting.join('; '))
      return answers.map(combined)
    },
    digest: {
      olderThanMs: OLD_MS,
      async deliver({ deliveries, key }) {
        const messages = deliveries.map(delivery => messageOf(delivery, env))
        const answers = await Promise.all([...lanes.values()].map(lane => lane.deliverDigest(messages, key)))
        return combined(answers.filter(answer => answer !== undefined))
      },
    },
  }
}

/**
 * Combines the outcomes that all webhooks had for one message. If one of them has to be retried, the message is passed to all
 * webhooks again. A webhook that has already accepted the message is not called.
 */
function combined(answers: readonly Delivered[]): Delivered {
  const refusals = answers.flatMap(one => (one.kind === 'rejected' ? [one.why] : []))
  const later = answers.filter(one => one.kind === 'retry')
  const safe = later.flatMap(({ safeMessage }) => safeMessage ?? [])
  if (later.length > 0)
    return retry(
      [...later.map(({ why }) => why), ...refusals].join('; '),
      safe.length > 0 ? safe.join('; ') : undefined,
    )
  if (refusals.length > 0) return rejected(refusals.join('; '))
  if (answers.length === 0) return delivered('other-receivers')
  const isNews = answers.some(one => one.kind === 'delivered' && one.reason !== 'superseded')
  return delivered(isNews ? 'delivered' : 'superseded')
}
