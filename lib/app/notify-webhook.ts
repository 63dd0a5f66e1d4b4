/** Creates the sink that delivers notifications to webhooks. */
import { setTimeout as pause } from 'node:timers/promises'
import { type AwsPlace, secretOf } from '../../packages/runtime/adapters/aws/clients.ts'
import type { Sink } from '../../packages/runtime/consumer/sink.ts'
import type { PartsOf } from '../../packages/runtime/settings/environment.ts'
import type { GeneralSettings } from '../../packages/runtime/settings/general.ts'
import { loadReceivers } from '../notification/adapters/receivers-file.ts'
import type { Notification } from '../notification/notification.ts'
import type { WebhookPorts } from '../notification/webhook/attempt.ts'
import { webhookSink } from '../notification/webhook/sink.ts'
import { receiverAccess } from './receiver-access.ts'
import type { NOTIFICATIONS } from './settings/notifications.ts'
import type { RECEIVERS } from './settings/receivers.ts'

type ReceiverSettings = PartsOf<readonly [typeof NOTIFICATIONS, typeof RECEIVERS]>

/**
 * Returns the ports of the webhook sink.
 *
 * @param aws region and endpoint of Secrets Manager; by default, the AWS SDK reads them from the environment
 */
export async function webhookPorts(
  { env, receiverSecrets }: Pick<GeneralSettings, 'env'> & Pick<ReceiverSettings, 'receiverSecrets'>,
  aws: AwsPlace = {},
): Promise<WebhookPorts> {
  // Node's TLS module is loaded on first use, so that it does not delay cold starts.
  const { httpsPost } = await import('../notification/adapters/https.ts')
  return {
    post: httpsPost(),
    access: receiverAccess({ env, localSecrets: receiverSecrets, read: name => secretOf(name, aws) }),
    nowMs: Date.now,
    pause: async ms => {
      await pause(ms)
    },
  }
}

/**
 * Returns the sink that delivers notifications to webhooks.
 *
 * @throws NotificationFileError or InvalidReceivers if the receivers are missing or invalid
 */
export async function notifyWebhook(config: GeneralSettings & ReceiverSettings): Promise<Sink<Notification>> {
  return webhookSink(await loadReceivers(config.notificationsDir), config.env, await webhookPorts(config))
}
