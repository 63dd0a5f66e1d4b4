/** Sends a test notification to receivers in the same way as the functions. */
import { performance } from 'node:perf_hooks'
import type { AwsPlace } from '#runtime/functions/connections'
import type { FiredAlert } from '../../lib/alerting/index.ts'
import { webhookPorts } from '../../lib/app/connections/receivers.ts'
import { alertsTopicName } from '../../lib/app/naming/resource-names.ts'
import { findTopicArn, SnsTopic } from '../../lib/notification/adapters/sns-topic.ts'
import type { NotificationMessage } from '../../lib/notification/message.ts'
import { notificationId } from '../../lib/notification/notification.ts'
import type { Receiver, WebhookReceiver } from '../../lib/notification/receiver.ts'
import { snsMessage } from '../../lib/notification/sns/sns-message.ts'
import { attempt, type WebhookPorts } from '../../lib/notification/webhook/attempt.ts'
import type { Families } from '../../lib/telemetry/index.ts'

export interface ReceiverResult {
  readonly name: string
  readonly kind: Receiver['kind']
  readonly delivered: boolean
  readonly ms: number
  /** Reason why the test was not delivered. */
  readonly why?: string
}

interface Config {
  readonly families: Families
  readonly env: string
  readonly receiverSecrets: Parameters<typeof webhookPorts>[0]['receiverSecrets']
}

/** Sends the test notification to all receivers in parallel. Returns the results in the order of the receivers. */
export async function tryReceivers(
  receivers: readonly Receiver[],
  config: Config,
  aws: AwsPlace,
): Promise<readonly ReceiverResult[]> {
  const atMs = Date.now()
  const ports = await webhookPorts(config, Date.now, aws)
  return Promise.all(
    receivers.map(async (receiver): Promise<ReceiverResult> => {
      const message = buildTestMessage(receiver.name, config, atMs)
      const beganMs = performance.now()
      const why = await (receiver.kind === 'sns'
        ? publishMessage(message, aws)
        : callWebhook(receiver, message, ports)
      ).catch((error: Error) => error.message)
      const ms = Math.round(performance.now() - beganMs)
      const { name, kind } = receiver
      return { name, kind, delivered: why === undefined, ms, ...(why === undefined ? {} : { why }) }
    }),
  )
}

/** Reason why a test was not delivered; undefined if it was delivered. */
type UndeliveredReason = string | undefined

async function callWebhook(
  receiver: WebhookReceiver,
  message: NotificationMessage,
  ports: WebhookPorts,
): Promise<UndeliveredReason> {
  const { outcome } = await attempt(receiver, message, ports)
  return outcome.kind === 'delivered' ? undefined : outcome.why.replace(`${receiver.name}: `, '')
}

async function publishMessage(message: NotificationMessage, aws: AwsPlace): Promise<UndeliveredReason> {
  const { env } = message
  const name = alertsTopicName(env)
  const arn = await findTopicArn(aws, name)
  if (arn === undefined)
    return `the topic ${name} does not exist: create it as described in docs/deployment.md`
  const topic = new SnsTopic(arn, aws)
  try {
    const [refusal] = await topic.publish([snsMessage(message)])
    return refusal?.why
  } finally {
    topic.close()
  }
}

function buildTestMessage(receiver: string, { families, env }: Config, atMs: number): NotificationMessage {
  const at = new Date(atMs).toISOString()
  const group = `test ${receiver}`
  const id = notificationId(group, atMs)
  const alert: FiredAlert = {
    alertId: id,
    fingerprint: id,
    rule: 'Test',
    severity: 'info',
    status: 'firing',
    labels: {},
    summary: 'This is a test of the alert receivers; there is no incident',
    entity: { source: '/sluice', subject: receiver },
    activeAt: at,
    startedAt: at,
    reason: 'condition',
  }
  const notification = {
    notificationId: id,
    group,
    groupLabels: {},
    status: 'firing',
    reason: 'test',
    receivers: [receiver],
    alerts: [alert],
    omitted: 0,
  } as const
  return { notification, to: [receiver], atMs, order: at, families, env }
}
