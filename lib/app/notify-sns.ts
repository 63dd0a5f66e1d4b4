/** Creates the sink that publishes notifications to SNS. */

import type { Sink } from '../../packages/runtime/consumer/sink.ts'
import { ConfigError } from '../../packages/runtime/settings/config-error.ts'
import type { PartsOf } from '../../packages/runtime/settings/environment.ts'
import type { GeneralSettings } from '../../packages/runtime/settings/general.ts'
import { loadReceivers } from '../notification/adapters/receivers-file.ts'
import type { Notification } from '../notification/notification.ts'
import { snsSink } from '../notification/sns/sink.ts'
import type { NOTIFICATIONS } from './settings/notifications.ts'
import type { ALERTS_TOPIC } from './settings/receivers.ts'

type Config = GeneralSettings & PartsOf<readonly [typeof NOTIFICATIONS, typeof ALERTS_TOPIC]>

/**
 * Returns the sink that publishes notifications to SNS.
 *
 * @throws NotificationFileError or InvalidReceivers if the receivers are missing or invalid
 * @throws ConfigError if no SNS topic is configured
 */
export async function notifySns({
  notificationsDir,
  alertsTopicArn,
  env,
}: Config): Promise<Sink<Notification>> {
  if (alertsTopicArn === undefined)
    throw new ConfigError('the environment', ['ALERTS_TOPIC_ARN: must be the ARN of an SNS topic'])
  // The SDK is loaded on first use, so that it does not delay cold starts.
  const { SnsTopic } = await import('./aws/alerts-topic.ts')
  const topic = new SnsTopic(alertsTopicArn)
  return { ...snsSink(await loadReceivers(notificationsDir), env, topic), close: () => topic.close() }
}
