/** Converts the outputs of the long-lived stack to the variables of a deployment. Pure. */
import type { Environment } from '../lib/app/settings/index.ts'

/** Every output that a deployment uses. */
export const VARIABLE_OF_OUTPUT = {
  MskClusterArn: 'MSK_CLUSTER_ARN',
  RedisUrl: 'REDIS_URL',
  RedisMode: 'REDIS_MODE',
  CacheMaximumGB: 'CACHE_GIGABYTES',
  CacheNodes: 'CACHE_NODES',
  SubnetIds: 'SUBNET_IDS',
  SecurityGroupIds: 'SECURITY_GROUP_IDS',
  CheckpointBucket: 'CHECKPOINT_BUCKET',
  AlarmTopicArn: 'ALARM_TOPIC_ARN',
  AlarmSoonTopicArn: 'ALARM_SOON_TOPIC_ARN',
} as const

const OF_ITS_CACHE = ['REDIS_MODE', 'CACHE_GIGABYTES', 'CACHE_NODES']

/** Outputs that people look up by themselves. */
export const OTHER_OUTPUTS: readonly string[] = ['VpcId', 'DataKeyArn']

/** The variables that these outputs give. Outputs that a deployment does not use are left out. */
export function variablesOf(outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(VARIABLE_OF_OUTPUT).flatMap(([output, variable]) => {
      const value = outputs[output]
      return value ? [[variable, value]] : []
    }),
  )
}

/** A variable that is set always wins, so that an organisation can hand in what it has; an empty one is not set. */
export function withOutputs(
  environment: Environment,
  outputs: Readonly<Record<string, string>>,
): Environment {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const found = variablesOf(outputs)
  // The stack knows how its own cache is reached and limited, and not how another one is.
  if (set.REDIS_URL !== undefined) for (const name of OF_ITS_CACHE) delete found[name]
  return { ...found, ...set }
}
