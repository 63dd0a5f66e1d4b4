/** The names by which AWS knows what is watched. Pure. */
import { alertsTopicName } from '../../lib/app/resource-names.ts'
import type { Deployed } from './alarm.ts'

/** `arn:…:cluster/<name>/<uuid>`. */
export function clusterName({ clusterArn }: Pick<Deployed, 'clusterArn'>): string {
  return clusterArn.split('/')[1] ?? ''
}

/** The last part of the ARN of a queue. */
export function queueName(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}

/** The topics of SNS through which people are notified: of alerts and of alarms. */
export function topicNames({ env, alarms: { topicArn, soonTopicArn } }: Deployed): readonly string[] {
  const ofAlarms = [topicArn, soonTopicArn].flatMap(arn => (arn === undefined ? [] : [queueName(arn)]))
  return [...new Set([alertsTopicName(env), ...ofAlarms])]
}
