/** Reads the identity of the AWS credentials in use. */
import type { Config } from './config.ts'

/** Returns whether the settings for Kafka or Redis refer to an AWS account. */
export function isInAws({ kafka, redis }: Pick<Config, 'kafka' | 'redis'>): boolean {
  return (
    [kafka.clusterArn, kafka.secret, redis.secret].some(name => name !== undefined) ||
    kafka.auth === 'iam' ||
    kafka.brokers.some(broker => /\.amazonaws\.com(\.cn)?:/.test(broker))
  )
}

/**
 * Returns the ARN of the caller: of a user, or of an assumed role with its session name.
 *
 * @throws if AWS does not answer, or no credentials are configured
 */
export async function callerArn(region: string | undefined): Promise<string> {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
  const { Arn } = await new STSClient(region ? { region } : {}).send(new GetCallerIdentityCommand({}))
  if (!Arn) throw new Error('AWS did not return the identity of the caller')
  return Arn
}
