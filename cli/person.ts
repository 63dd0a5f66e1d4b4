import { callerArn, isInAws } from '../lib/app/aws/caller.ts'
import type { Config } from '../lib/app/config.ts'
import { userOfMachine } from '../programs/person.ts'
import { CliFailure } from './failure.ts'

/**
 * Returns the name under which operations are audited: the AWS identity where the environment is in AWS, else the user of this machine. Neither
 * is an option or a variable.
 *
 * @throws CliFailure if AWS does not name the caller
 */
export async function operatorOf(config: Pick<Config, 'kafka' | 'redis'>): Promise<string> {
  if (!isInAws(config)) return userOfMachine()
  try {
    return await callerArn(config.kafka.clusterArn?.split(':')[3] ?? config.kafka.region)
  } catch (error) {
    throw new CliFailure(
      `Nothing was changed: AWS does not say who you are, and operations are audited by that name. \`aws sts get-caller-identity\` must work. (${(error as Error).message})`,
    )
  }
}
