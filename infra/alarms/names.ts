/** The names by which AWS knows what is watched. Pure. */
import type { Deployed } from './alarm.ts'

/** `arn:…:cluster/<name>/<uuid>`. */
export function clusterName({ clusterArn }: Pick<Deployed, 'clusterArn'>): string {
  return clusterArn.split('/')[1] ?? ''
}

/** The last part of the ARN of a queue. */
export function queueName(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}
