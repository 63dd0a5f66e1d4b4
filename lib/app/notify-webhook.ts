/** Assembles the sink that delivers notifications to webhooks. */
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

/** Ports of webhooks. @param aws place of the secrets, if not the one in the variables of the SDK */
export async function webhookPorts(
  { env, receiverSecrets }: Pick<GeneralSettings, 'env'> & Pick<ReceiverSettings, 'receiverSecrets'>,
  aws: AwsPlace = {},
): Promise<WebhookPorts> {
  // Node's TLS is loaded on first use: a starting function does not wait for it.
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

/** @throws NotificationFileError, InvalidReceivers */
export async function notifyWebhook(config: GeneralSettings & ReceiverSettings): Promise<Sink<Notification>> {
  return webhookSink(await loadReceivers(config.notificationsDir), config.env, await webhookPorts(config))
}
