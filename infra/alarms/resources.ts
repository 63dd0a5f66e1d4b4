/** Alarms of a deployment as CloudFormation resources. Only composite alarms have actions. Pure. */
import { type Alarm, type Deployed, thresholdOf, type Value, whenOf } from './alarm.ts'
import { type CompositeAlarm, compositeResource, compositesOf } from './composites.ts'
import { type Metric, sqlOf } from './metrics.ts'
import { ALARM_KINDS } from './table.ts'

/** Returns the alarms of a deployment, in the order of the table; empty for a stage without alarms. */
export function alarmsOf(deployed: Deployed): readonly Alarm[] {
  if (!deployed.alarms.enabled) return []
  return Object.entries(ALARM_KINDS).flatMap(([kind, row]) =>
    row.watches(deployed).map(watched => {
      const short = [kind, ...(watched.of === undefined ? [] : [watched.of])].join('-')
      const when = whenOf(row, deployed)
      return {
        kind,
        name: `sluice-${deployed.stage}-${short}`,
        logicalId: `Alarm${short
          .split(/[^a-zA-Z0-9]+/)
          .map(capitalised)
          .join('')}`,
        watched,
        when: {
          ...when,
          above: watched.above ?? when.above,
          periodSeconds: watched.periodSeconds ?? when.periodSeconds,
        },
      }
    }),
  )
}

/** Returns the composite alarms that send notifications, one or two per cause; empty for a stage without alarms. */
export function causesOf(deployed: Deployed): readonly CompositeAlarm[] {
  return compositesOf(alarmsOf(deployed), ALARM_KINDS, deployed)
}

/** Returns the CloudFormation resources of the alarms by logical id. */
export function alarmResources(deployed: Deployed): Record<string, object> {
  return Object.fromEntries([
    ...alarmsOf(deployed).map(alarm => [alarm.logicalId, resourceOf(alarm, deployed)]),
    ...causesOf(deployed).map(cause => [cause.logicalId, compositeResource(cause)]),
  ])
}

function resourceOf({ kind, name, watched, when }: Alarm, { stage, alarms }: Deployed): object {
  const { says = '', urgency, missing = 'notBreaching' } = ALARM_KINDS[kind] ?? {}
  const { periods, breaching, below } = when
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: `${says} Urgency: ${urgency}. Runbook: ${alarms.runbook}#${kind}`,
      ComparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
      Threshold: thresholdOf(when, stage),
      EvaluationPeriods: periods,
      DatapointsToAlarm: breaching,
      TreatMissingData: watched.missing ?? missing,
      ...comparedOf(watched.value, when.periodSeconds),
    },
  }
}

function comparedOf(value: Value, period: number): object {
  if ('query' in value)
    return { Metrics: [{ Id: 'found', Expression: sqlOf(value.query), Period: period, ReturnData: true }] }
  if ('expression' in value)
    return {
      Metrics: [
        { Id: 'value', Expression: value.expression, ReturnData: true },
        ...Object.entries(value.metrics).map(([id, { metric, statistic }]) => ({
          Id: id,
          MetricStat: { Metric: metricOf(metric), Period: period, Stat: statistic },
          ReturnData: false,
        })),
      ],
    }
  const { metric, statistic } = value
  return {
    ...metricOf(metric),
    Period: period,
    // Evaluate percentiles even with few samples, because an environment with little traffic has only few.
    ...(statistic === 'p99' ? { ExtendedStatistic: statistic } : { Statistic: statistic }),
  }
}

function metricOf({ namespace, name, dimensions }: Metric): object {
  return {
    Namespace: namespace,
    MetricName: name,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
