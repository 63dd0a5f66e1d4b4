/** Names of the AWS resources that alarms watch. Pure. */
import { alertsTopicName } from '../../lib/app/resource-names.ts'
import type { Deployed } from './alarm.ts'

/** Returns the cluster's name from its ARN, `arn:…:cluster/<name>/<uuid>`. */
export function clusterName({ clusterArn }: Pick<Deployed, 'clusterArn'>): string {
  return clusterArn.split('/')[1] ?? ''
}

/** Returns the queue's name, which is the last part of its ARN. */
export function queueName(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}

/** Returns the names of the SNS topics for alerts and alarms. */
export function topicNames({ env, alarms: { topicArn, soonTopicArn } }: Deployed): readonly string[] {
  const ofAlarms = [topicArn, soonTopicArn].flatMap(arn => (arn === undefined ? [] : [queueName(arn)]))
  return [...new Set([alertsTopicName(env), ...ofAlarms])]
}
