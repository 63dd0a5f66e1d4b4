/** Settings of a deployment's alarms. */

import { mapKind, onOff, positiveDecimal, setting, slice, text } from '#runtime/settings'
import { type Environment, readSetting } from '../../lib/app/settings/index.ts'
import type { Place } from './place.ts'
import { findStage } from './stages.ts'

const createLimit = (alarm: string, description: string, kind = positiveDecimal()) =>
  setting(kind, { description: `${description} [Alarm](runbook.md#${alarm}).`, otherwise: 'no such alarm' })
/** Converts MB per second to four fifths of it in bytes, from which on an alarm fires. */
const CAPACITY = mapKind(positiveDecimal(), megabytes => megabytes * 800_000)

/** Settings that switch an alarm on, with its threshold. */
export const LIMITS = {
  ALARM_PUBLISH_MS: createLimit('publish-slow', 'Milliseconds that 99 in 100 publishes may take.'),
  ALARM_LAG_RECORDS: createLimit('lag-records', 'Records by which a consumer may lag behind a topic.'),
  KAFKA_CAPACITY_IN: createLimit('kafka-bytes', 'MB per second that a broker can receive.', CAPACITY),
  KAFKA_CAPACITY_OUT: createLimit('kafka-bytes', 'MB per second that a broker can send.', CAPACITY),
}

export const ALARMS = slice('Alarms of a deployment', {
  SLUICE_ALARMS: setting(onOff(), {
    description: 'Whether the deployment has [alarms](runbook.md).',
    otherwise: '`on` in `prod`, `off` in `dev`',
  }),
  ALARM_TOPIC_ARN: setting(text(/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/, 'the ARN of an SNS topic'), {
    description: 'SNS topic for alarms. CloudWatch must be allowed to publish to it and to use its key.',
    otherwise: 'the alarms send no notifications',
  }),
  CACHE_NAME: setting(text(/^[a-zA-Z][\w-]{0,39}$/, 'the name of a serverless cache'), {
    description: 'ElastiCache Serverless cache with alarms on memory and evictions.',
    otherwise: 'the cache of `REDIS_URL` if it is serverless, or else all nodes of caches in the region',
  }),
  CACHE_GIGABYTES: setting(positiveDecimal(), {
    description: 'Data storage limit of the serverless cache.',
    default: '10',
  }),
  ...LIMITS,
})

const GB = 1_000_000_000

/**
 * Reads the alarm settings from the environment variables of the command.
 *
 * @param region region to deploy to
 * @param errors receives the errors of `readSetting`
 */
export function readAlarmSettings(
  stage: string,
  region: string,
  env: Environment,
  errors: string[],
): NonNullable<Place['alarms']> {
  const read = <Name extends keyof typeof ALARMS.settings>(name: Name) =>
    readSetting(ALARMS.settings, name, env, errors)
  const topicArn = read('ALARM_TOPIC_ARN')
  // CloudWatch can publish only to topics in its own region.
  if (topicArn && topicArn.split(':')[3] !== region)
    errors.push(`ALARM_TOPIC_ARN: must be a topic in ${region}, where the alarms are`)
  const bytes = (read('CACHE_GIGABYTES') ?? 10) * GB
  const name = read('CACHE_NAME') ?? parseServerlessCache(env.REDIS_URL ?? '')
  return {
    enabled: read('SLUICE_ALARMS') ?? findStage(stage)?.alarms ?? false,
    topicArn,
    cache: name ? { name, bytes } : undefined,
    limits: Object.fromEntries(Object.keys(LIMITS).map(limit => [limit, read(limit as keyof typeof LIMITS)])),
  }
}

/** Returns the name of a serverless cache from its host name. AWS forms the host name by appending a few characters to the name. */
function parseServerlessCache(redisUrl: string): string | undefined {
  return /(?:\/\/|@)([\w-]+)-[a-z0-9]+\.serverless\.[\w-]+\.cache\.amazonaws\.com/.exec(redisUrl)?.[1]
}
