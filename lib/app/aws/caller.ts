/** The identity of the AWS credentials in use. */
import type { Config } from '../config.ts'

/** Returns whether the servers are reached with the help of an AWS account. */
export function isInAws({ kafka, redis }: Pick<Config, 'kafka' | 'redis'>): boolean {
  return (
    [kafka.clusterArn, kafka.secret, redis.secret].some(name => name !== undefined) ||
    kafka.auth === 'iam' ||
    kafka.brokers.some(broker => /\.amazonaws\.com(\.cn)?:/.test(broker))
  )
}

/** Returns the ARN of the caller: a user, or a role with the name of its session. @throws if AWS does not answer, or has no credentials */
export async function callerArn(region: string | undefined): Promise<string> {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts')
  const { Arn } = await new STSClient(region ? { region } : {}).send(new GetCallerIdentityCommand({}))
  if (!Arn) throw new Error('AWS does not name the caller')
  return Arn
}
