/** Converts the outputs of the long-lived stack to environment variables of a deployment. Pure. */
import type { Environment } from '../lib/app/settings/index.ts'

/** Environment variable that each output provides. */
export const VARIABLE_OF_OUTPUT = {
  MskClusterArn: 'MSK_CLUSTER_ARN',
  RedisUrl: 'REDIS_URL',
  RedisMode: 'REDIS_MODE',
  CacheMaximumGB: 'CACHE_GIGABYTES',
  SubnetIds: 'SUBNET_IDS',
  SecurityGroupIds: 'SECURITY_GROUP_IDS',
  HistoryBucket: 'HISTORY_BUCKET',
  HistoryKeyArn: 'HISTORY_KEY_ARN',
  AlarmTopicArn: 'ALARM_TOPIC_ARN',
} as const

const OF_ITS_CACHE = ['REDIS_MODE', 'CACHE_GIGABYTES']

/** Outputs that are only for operators. Deployments do not use them. */
export const OTHER_OUTPUTS: readonly string[] = ['VpcId', 'DataKeyArn']

/** Returns the variables that are set by outputs. Outputs that a deployment does not use are ignored. */
export function variablesOf(outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(VARIABLE_OF_OUTPUT).flatMap(([output, variable]) => {
      const value = outputs[output]
      return value ? [[variable, value]] : []
    }),
  )
}

/**
 * Merges environment variables and outputs. Variables take precedence, so that an organization can use its own resources. Blank
 * variables are ignored.
 */
export function withOutputs(
  environment: Environment,
  outputs: Readonly<Record<string, string>>,
): Environment {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const found = variablesOf(outputs)
  // The stack's cache settings apply only to its own cache, not to another REDIS_URL.
  if (set.REDIS_URL !== undefined) for (const name of OF_ITS_CACHE) delete found[name]
  // Likewise, its key does not encrypt another bucket.
  if (set.HISTORY_BUCKET !== undefined) delete found.HISTORY_KEY_ARN
  return { ...found, ...set }
}
