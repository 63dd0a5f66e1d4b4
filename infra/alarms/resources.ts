/** Alarms of a deployment as CloudFormation resources. Pure. */
import type { Alarm, Deployed, WatchedValue } from './alarm.ts'
import { ALARM_KINDS, CAUSES } from './alarm-kinds.ts'
import { type Metric, toSql } from './metrics.ts'

/** Page that the descriptions of alarms name. */
const RUNBOOK = 'docs/runbook.md'

/** Returns the alarms of a deployment, in the order of the table; empty for a stage without alarms. */
export function listAlarms(deployed: Deployed): readonly Alarm[] {
  if (!deployed.alarms.enabled) return []
  return Object.entries(ALARM_KINDS).flatMap(([kind, { watches }]) =>
    watches(deployed).map(watched => {
      const short = [kind, ...(watched.of === undefined ? [] : [watched.of])].join('-')
      return {
        kind,
        name: `sluice-${deployed.stage}-${short}`,
        logicalId: toLogicalId('Alarm', short),
        watched,
      }
    }),
  )
}

/** Returns the CloudFormation resources of the alarms by logical id. */
export function buildAlarmResources(deployed: Deployed): Record<string, object> {
  const alarms = listAlarms(deployed)
  return Object.fromEntries([
    ...alarms.map(alarm => [alarm.logicalId, buildAlarmResource(alarm)]),
    ...buildCompositeAlarms(alarms, deployed),
  ])
}

function buildAlarmResource({ kind, name, watched }: Alarm): object {
  const {
    says,
    above = 0,
    below,
    minutes = 1,
    periods = 1,
    breaching,
    missing,
  } = ALARM_KINDS[kind] ?? { says: '' }
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: `${says} Runbook: ${RUNBOOK}#${kind}`,
      ComparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
      Threshold: below ?? watched.above ?? above,
      EvaluationPeriods: periods,
      DatapointsToAlarm: breaching ?? periods,
      TreatMissingData: watched.missing ?? missing ?? 'notBreaching',
      ...toValueProperties(watched.value, watched.periodSeconds ?? 60 * minutes),
    },
  }
}

function toValueProperties(value: WatchedValue, period: number): object {
  if ('query' in value)
    return { Metrics: [{ Id: 'found', Expression: toSql(value.query), Period: period, ReturnData: true }] }
  if ('expression' in value)
    return {
      Metrics: [
        { Id: 'value', Expression: value.expression, ReturnData: true },
        ...Object.entries(value.sums).map(([id, metric]) => ({
          Id: id,
          MetricStat: { Metric: toMetricProperties(metric), Period: period, Stat: 'Sum' },
          ReturnData: false,
        })),
      ],
    }
  const statistic = { [value.statistic === 'p99' ? 'ExtendedStatistic' : 'Statistic']: value.statistic }
  return { ...toMetricProperties(value.metric), Period: period, ...statistic }
}

function toMetricProperties({ namespace, name, dimensions }: Metric): object {
  return {
    Namespace: namespace,
    MetricName: name,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  }
}

/**
 * Alarms that suppress others during an outage. An alarm for a long-lasting problem, such as a full disk, must not be listed here.
 */
const OUTAGES: ReadonlySet<string> = new Set(['redis-away', 'kafka-away'])

/**
 * Wait and extension periods of the suppression, in seconds. A server's alarm may detect an outage a few minutes later than a
 * consumer's, so a consumer's alarm waits before it notifies. The extension gives consumers time to catch up after the outage.
 */
const [WAIT, CATCH_UP] = [180, 600]

/**
 * Returns the composite alarms: one for each cause, and one that suppresses others during an outage. Only the alarms of causes send
 * notifications, so that an outage causes one notification instead of one per affected alarm.
 */
function buildCompositeAlarms(
  alarms: readonly Alarm[],
  { stage, alarms: { topicArn } }: Deployed,
): [string, object][] {
  const suppressor = buildCompositeAlarm(
    stage,
    'servers',
    'Redis or Kafka is unavailable. This alarm has no actions. It suppresses alarms that are consequences of the outage.',
    alarms.filter(({ kind }) => OUTAGES.has(kind)),
  )
  const causes = Object.entries(CAUSES).map(([cause, about]) =>
    buildCompositeAlarm(
      stage,
      cause,
      `${about.says} Runbook: ${RUNBOOK}#causes`,
      alarms.filter(({ kind }) => ALARM_KINDS[kind]?.cause === cause),
      {
        ...('followsServers' in about
          ? {
              ActionsSuppressor: { 'Fn::GetAtt': [toLogicalId('Cause', 'servers'), 'Arn'] },
              ActionsSuppressorWaitPeriod: WAIT,
              ActionsSuppressorExtensionPeriod: CATCH_UP,
            }
          : {}),
        // Also send a notification when the alarm ends, so that on-call staff know that the problem is over.
        ...(topicArn === undefined ? {} : { AlarmActions: [topicArn], OKActions: [topicArn] }),
      },
    ),
  )
  return [suppressor, ...causes].flat()
}

/** Returns a composite alarm by logical id, which fires if at least one of its alarms fires. Without alarms, returns nothing. */
function buildCompositeAlarm(
  stage: string,
  short: string,
  description: string,
  anyOf: readonly Alarm[],
  properties: object = {},
): [string, object][] {
  if (anyOf.length === 0) return []
  const resource = {
    Type: 'AWS::CloudWatch::CompositeAlarm',
    Properties: {
      AlarmName: `sluice-${stage}-cause-${short}`,
      AlarmDescription: description,
      AlarmRule: { 'Fn::Sub': anyOf.map(({ logicalId }) => `ALARM("\${${logicalId}}")`).join(' OR ') },
      ...properties,
    },
  }
  return [[toLogicalId('Cause', short), resource]]
}

function toLogicalId(prefix: string, short: string): string {
  const words = short.split(/[^a-zA-Z0-9]+/).map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `${prefix}${words.join('')}`
}
