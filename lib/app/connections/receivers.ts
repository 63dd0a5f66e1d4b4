/** Opens the connections to the receivers of notifications: the SNS topic and webhooks. */
import { setTimeout as pause } from 'node:timers/promises'
import { type AwsPlace, readSecret } from '#runtime/functions/connections'
import { type CombinedParts, ConfigError, type GeneralSettings } from '#runtime/settings'
import { loadReceivers } from '../../notification/adapters/load-receivers.ts'
import { receiverAccess } from '../../notification/adapters/receiver-access.ts'
import type { Outlet } from '../../notification/deliver.ts'
import { SnsReceivers } from '../../notification/sns/sns-receivers.ts'
import type { WebhookPorts } from '../../notification/webhook/attempt.ts'
import { Webhook } from '../../notification/webhook/webhook.ts'
import type { NOTIFICATIONS } from '../settings/notifications.ts'
import type { ALERTS_TOPIC, RECEIVERS } from '../settings/receivers.ts'

type Config = GeneralSettings &
  CombinedParts<readonly [typeof NOTIFICATIONS, typeof ALERTS_TOPIC, typeof RECEIVERS]>

/**
 * Returns the ports of webhooks.
 *
 * @param aws region and endpoint of Secrets Manager; by default, the AWS SDK reads them from the environment
 */
export async function webhookPorts(
  { env, receiverSecrets }: Pick<Config, 'env' | 'receiverSecrets'>,
  nowMs: () => number,
  aws: AwsPlace = {},
): Promise<WebhookPorts> {
  // Node's TLS module is loaded on first use, so that it does not delay cold starts.
  const { httpsPost } = await import('../../notification/adapters/https.ts')
  const read = (name: string) => readSecret(name, aws)
  return {
    post: httpsPost(),
    access: receiverAccess({ env, localSecrets: receiverSecrets, read, nowMs }),
    nowMs,
    pause: async ms => {
      await pause(ms)
    },
  }
}

/**
 * Opens the ways to all receivers.
 *
 * @throws FileError if the receivers are missing or invalid
 * @throws ConfigError if a receiver needs the SNS topic and none is configured
 */
export async function openOutlets(config: Config, nowMs: () => number): Promise<readonly Outlet[]> {
  const receivers = await loadReceivers(config.notificationsDir)
  const ports = await webhookPorts(config, nowMs)
  const webhooks = receivers.flatMap(receiver =>
    receiver.kind === 'webhook' ? [new Webhook(receiver, ports)] : [],
  )
  const named = receivers.flatMap(({ kind, name }) => (kind === 'sns' ? [name] : []))
  if (named.length === 0) return webhooks
  if (config.alertsTopicArn === undefined)
    throw new ConfigError('the environment', ['ALERTS_TOPIC_ARN: must be the ARN of an SNS topic'])
  // The SDK is loaded on first use, so that it does not delay cold starts.
  const { SnsTopic } = await import('../../notification/adapters/sns-topic.ts')
  return [new SnsReceivers(named, new SnsTopic(config.alertsTopicArn)), ...webhooks]
}
