/** Reads the alarm settings of a deployment from the environment variables of the command. Pure. */
import { type Environment, readSetting } from '../../lib/app/settings/index.ts'
import { stageNamed } from '../stages.ts'
import type { Alarming, Cache } from './alarm.ts'
import { cacheNodes, MAX_CACHE_NODES } from './cache-nodes.ts'
import { ALARMS } from './settings.ts'

const GB = 1_000_000_000

/**
 * Reads the alarm settings.
 *
 * @param region region to deploy to
 * @param errors receives the errors of `readSetting`
 */
export function alarmingOf(
  stage: string,
  region: string,
  _clusterArn: string,
  env: Environment,
  errors: string[],
): Alarming {
  const read = <Name extends keyof typeof ALARMS.settings>(name: Name) =>
    readSetting(ALARMS.settings, name, env, errors)
  const topicArn = read('ALARM_TOPIC_ARN')
  const soonTopicArn = read('ALARM_SOON_TOPIC_ARN')
  // CloudWatch can publish only to topics in its own region.
  for (const [name, arn] of Object.entries({ ALARM_TOPIC_ARN: topicArn, ALARM_SOON_TOPIC_ARN: soonTopicArn }))
    if (arn && arn.split(':')[3] !== region)
      errors.push(`${name}: must be a topic in ${region}, where the alarms are`)
  const cache = cacheOf(
    { name: read('CACHE_NAME'), nodes: read('CACHE_NODES'), gigabytes: read('CACHE_GIGABYTES') },
    env.REDIS_URL ?? '',
  )
  const enabled = read('SLUICE_ALARMS') ?? stageNamed(stage)?.alarms ?? false
  if (enabled && cache?.kind === 'nodes' && cache.nodes.length > MAX_CACHE_NODES)
    errors.push(tooManyNodes(cache.nodes.length))
  return {
    enabled,
    ...(topicArn ? { topicArn } : {}),
    ...(soonTopicArn ? { soonTopicArn } : {}),
    runbook: read('RUNBOOK_URL') ?? 'docs/runbook.md',
    ...(cache ? { cache } : {}),
  }
}

interface CacheSettings {
  readonly name: string | undefined
  readonly nodes: readonly string[] | undefined
  readonly gigabytes: number | undefined
}

function cacheOf({ name, nodes, gigabytes }: CacheSettings, redisUrl: string): Cache | undefined {
  if (name === undefined && nodes) return { kind: 'nodes', nodes: nodes.flatMap(cacheNodes) }
  const serverless = name ?? serverlessCacheIn(redisUrl)
  if (serverless === undefined) return undefined
  return { kind: 'serverless', name: serverless, bytes: (gigabytes ?? 10) * GB }
}

function tooManyNodes(nodes: number): string {
  return (
    `CACHE_NODES: must expand to at most ${MAX_CACHE_NODES} nodes, not ${nodes}, because each has two alarms, and CloudFormation allows ` +
    '500 resources. Select nodes to watch, such as one of each shard, or set SLUICE_ALARMS=off'
  )
}

/** Returns the name of a serverless cache from its host name. AWS forms the host name by appending a few characters to the name. */
function serverlessCacheIn(redisUrl: string): string | undefined {
  return /(?:\/\/|@)([\w-]+)-[a-z0-9]+\.serverless\.[\w-]+\.cache\.amazonaws\.com/.exec(redisUrl)?.[1]
}

/** Returns notices about the alarm settings that are shown to the operator during a deployment, one line each. */
export function alarmNotices({ enabled, topicArn, soonTopicArn, cache }: Alarming): readonly string[] {
  if (!enabled) return []
  return [
    ...(topicArn
      ? []
      : ['ALARM_TOPIC_ARN is not set, so the alarms send no notifications. See docs/runbook.md.']),
    ...(topicArn && (soonTopicArn ?? topicArn) === topicArn
      ? ['ALARM_SOON_TOPIC_ARN is not set to another topic, so alarms that can wait notify like urgent ones.']
      : []),
    ...(cache
      ? []
      : [
          'CACHE_NAME and CACHE_NODES are not set, and REDIS_URL is not a serverless cache, so memory and evictions of Redis have no alarms.',
        ]),
  ]
}
