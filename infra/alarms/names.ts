/** The names by which AWS knows what is watched. Pure. */
import type { Deployed } from './alarm.ts'

/** The name of a function in AWS. */
export function lambdaName(stage: string, name: string): string {
  return `sluice-${stage}-${name}`
}

/** `arn:…:cluster/<name>/<uuid>`. */
export function clusterName({ clusterArn }: Pick<Deployed, 'clusterArn'>): string {
  return clusterArn.split('/')[1] ?? ''
}

/** The id of an MSK Serverless cluster ends in `-s1`, `-s2` …, that of others in a number alone. */
export function isServerless({ clusterArn }: Pick<Deployed, 'clusterArn'>): boolean {
  return /-s\d+$/.test(clusterArn)
}

/** The last part of the ARN of a queue. */
export function queueName(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}
