/** Creates the sink that delivers notifications to the SNS topic and to webhooks. */
import { setTimeout as pause } from 'node:timers/promises'
import { type AwsPlace, readSecret } from '#runtime/adapters/aws/clients.ts'
import type { Sink } from '#runtime/consumer/sink.ts'
import { ConfigError } from '#runtime/settings/config-error.ts'
import type { PartsOf } from '#runtime/settings/environment.ts'
import type { GeneralSettings } from '#runtime/settings/general.ts'
import { loadReceivers } from '../notification/adapters/receivers-file.ts'
import { deliverSink } from '../notification/deliver.ts'
import type { Notification } from '../notification/notification.ts'
import { Topic } from '../notification/sns/topic.ts'
import type { WebhookPorts } from '../notification/webhook/attempt.ts'
import { Webhook } from '../notification/webhook/webhook.ts'
import { receiverAccess } from '../notification/adapters/receiver-access.ts'
import type { NOTIFICATIONS } from './settings/notifications.ts'
import type { ALERTS_TOPIC, RECEIVERS } from './settings/receivers.ts'

type Config = GeneralSettings &
  PartsOf<readonly [typeof NOTIFICATIONS, typeof ALERTS_TOPIC, typeof RECEIVERS]>

/**
 * Returns the ports of webhooks.
 *
 * @param aws region and endpoint of Secrets Manager; by default, the AWS SDK reads them from the environment
 */
export async function webhookPorts(
  { env, receiverSecrets }: Pick<Config, 'env' | 'receiverSecrets'>,
  aws: AwsPlace = {},
): Promise<WebhookPorts> {
  // Node's TLS module is loaded on first use, so that it does not delay cold starts.
  const { httpsPost } = await import('../notification/adapters/https.ts')
  return {
    post: httpsPost(),
    access: receiverAccess({ env, localSecrets: receiverSecrets, read: name => readSecret(name, aws) }),
    nowMs: Date.now,
    pause: async ms => {
      await pause(ms)
    },
  }
}

/**
 * Returns the sink.
 *
 * @throws NotificationFileError or InvalidReceivers if the receivers are missing or invalid
 * @throws ConfigError if a receiver needs the SNS topic and none is configured
 */
export async function deliver(config: Config): Promise<Sink<Notification>> {
  const receivers = await loadReceivers(config.notificationsDir)
  const ports = await webhookPorts(config)
  const webhooks = receivers.flatMap(one => (one.kind === 'webhook' ? [new Webhook(one, ports)] : []))
  const named = receivers.flatMap(({ kind, name }) => (kind === 'sns' ? [name] : []))
  if (named.length === 0) return deliverSink(webhooks, config.env)
  if (config.alertsTopicArn === undefined)
    throw new ConfigError('the environment', ['ALERTS_TOPIC_ARN: must be the ARN of an SNS topic'])
  // The SDK is loaded on first use, so that it does not delay cold starts.
  const { SnsTopic } = await import('../notification/adapters/sns-topic.ts')
  const topic = new SnsTopic(config.alertsTopicArn)
  const sink = deliverSink([new Topic(named, topic), ...webhooks], config.env)
  return { ...sink, close: () => topic.close() }
}
