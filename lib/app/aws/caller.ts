/** Identity of the AWS credentials in use. */
import type { Config } from '../config.ts'

/** Returns whether the connections to Kafka or Redis depend on an AWS account. */
export function isInAws({ kafka, redis }: Pick<Config, 'kafka' | 'redis'>): boolean {
  return (
    [kafka.clusterArn, kafka.secret, redis.secret].some(name => name !== undefined) ||
    kafka.auth === 'iam' ||
    kafka.brokers.some(broker => /\.amazonaws\.com(\.cn)?:/.test(broker))
  )
}

/**
 * Returns the ARN of the caller, which is a user, or a role with its session name.
 *
 * @throws if AWS does not answer, or there are no credentials
 */
export async function callerArn(region: string | undefined): Promise<string> {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
  const { Arn } = await new STSClient(region ? { region } : {}).send(new GetCallerIdentityCommand({}))
  if (!Arn) throw new Error('AWS did not return the identity of the caller')
  return Arn
}
