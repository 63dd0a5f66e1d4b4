/** Deployments for tests of alarms. */

import { readFunctions } from '../../control/environment/function-entries.ts'
import type { Deployed } from '../../infra/alarms/alarm.ts'
import { readAccount } from '../../infra/place/account.ts'
import { NAMES } from './families.ts'

const PROVISIONED =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/01234567-0123-0123-0123-0123456789ab-1'
export const SERVERLESS = PROVISIONED.replace(/-1$/, '-s1')
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:sluice-alarms'

/**
 * Returns a deployment of all functions in serverless.yml, with all optional resources. @param env additional environment variables
 */
export function deployed(
  env: Readonly<Record<string, string>> = {},
  stage = 'prod',
): Deployed & { readonly problems: readonly string[] } {
  const variables = {
    MSK_CLUSTER_ARN: PROVISIONED,
    REDIS_URL: 'rediss://telemetry-abcdef.serverless.euw1.cache.amazonaws.com:6379',
    SUBNET_IDS: 'subnet-1',
    SECURITY_GROUP_IDS: 'sg-1',
    ALARM_TOPIC_ARN: TOPIC,
    ...env,
  }
  const { alarms, ...place } = readAccount(stage, 'eu-west-1', variables, '/project')
  if (!alarms) throw new Error('an account has alarms')
  return { ...place, names: NAMES, stage, functions: readFunctions(), alarms }
}
