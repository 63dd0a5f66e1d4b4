import { callerArn, isInAws } from '../control/environment/aws-caller.ts'
import type { Config } from '../control/environment/config.ts'
import { userOfMachine } from '../scripts/machine-user.ts'
import { CliFailure } from './failure.ts'

/**
 * Returns the name of the operator for audit events. It is the AWS identity if the environment is in AWS, otherwise the user of
 * this machine. It cannot be set by an option or a variable.
 *
 * @throws CliFailure if AWS does not return the identity of the caller
 */
export async function resolveOperator(config: Pick<Config, 'kafka' | 'redis'>): Promise<string> {
  if (!isInAws(config)) return userOfMachine()
  try {
    return await callerArn(config.kafka.clusterArn?.split(':')[3] ?? config.kafka.region)
  } catch (error) {
    throw new CliFailure(
      `Nothing was changed: AWS did not return your identity, which is needed for the audit log. Check that \`aws sts get-caller-identity\` works. (${(error as Error).message})`,
    )
  }
}
