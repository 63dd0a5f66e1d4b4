/**
 * Composite alarms, one per cause. Only composite alarms send notifications, so that an outage causes one notification instead of
 * one per affected alarm. Pure.
 */
import type { Alarm, AlarmKind, Deployed } from './alarm.ts'
import { CAUSES, type Cause, type CauseName } from './causes.ts'

/**
 * Alarms that suppress others during an outage. An alarm for a long-lasting problem, such as a full disk, must not be listed here.
 */
const OUTAGES: ReadonlySet<string> = new Set(['redis-away', 'kafka-away'])

/**
 * Wait and extension periods of the suppression, in seconds. A server's alarm may detect an outage a few minutes later than a
 * consumer's, so a consumer's alarm waits before it notifies. The extension gives consumers time to catch up after the outage.
 */
const [WAIT, CATCH_UP] = [180, 600]

/** CloudWatch's limit for the number of alarms in a rule. */
const MAX_IN_RULE = 100

export interface CompositeAlarm {
  readonly name: string
  readonly logicalId: string
  readonly description: string
  /** Logical ids of the alarms that the composite alarm combines. It fires if at least one of them fires. */
  readonly anyOf: readonly string[]
  readonly topics: readonly string[]
  /** Logical id of the alarm that suppresses this one. */
  readonly suppressor?: string
}

/** Returns the composite alarms: for each cause, one for urgent alarms and one for the others. */
export function compositesOf(
  alarms: readonly Alarm[],
  kinds: Readonly<Record<string, AlarmKind>>,
  deployed: Deployed,
): readonly CompositeAlarm[] {
  const { topicArn, soonTopicArn = topicArn, runbook } = deployed.alarms
  const name = (short: string) => `sluice-${deployed.stage}-cause-${short}`
  const all = (Object.entries(CAUSES) as [CauseName, Cause][]).flatMap(([cause, about]) =>
    (['now', 'soon'] as const).flatMap(urgency => {
      const found = alarms.filter(
        one => kinds[one.kind]?.cause === cause && kinds[one.kind]?.urgency === urgency,
      )
      if (found.length === 0) return []
      const told = about.onEveryTopic
        ? [topicArn, soonTopicArn]
        : [urgency === 'now' ? topicArn : soonTopicArn]
      const short = urgency === 'now' ? cause : `${cause}-soon`
      return inParts({
        name: name(short),
        logicalId: logicalIdOf(short),
        description: `${about.says} Urgency: ${urgency}. Runbook: ${runbook}#causes`,
        anyOf: found.map(({ logicalId }) => logicalId),
        topics: [...new Set(told.filter(topic => topic !== undefined))],
        ...(about.followsServers ? { suppressor: SUPPRESSOR } : {}),
      })
    }),
  )
  const anyOf = alarms.filter(({ kind }) => OUTAGES.has(kind)).map(({ logicalId }) => logicalId)
  if (anyOf.length === 0) return all
  const description =
    'Redis or Kafka is unavailable. This alarm has no actions. It suppresses alarms that are consequences of the outage.'
  return [{ name: name('servers'), logicalId: SUPPRESSOR, description, anyOf, topics: [] }, ...all]
}

const SUPPRESSOR = logicalIdOf('servers')

function logicalIdOf(short: string): string {
  return `Cause${short
    .split('-')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}`
}

/**
 * Splits a composite alarm into parts if it combines too many alarms for one rule. Another composite alarm combines the parts, and
 * only that one sends notifications.
 */
function inParts(whole: CompositeAlarm): CompositeAlarm[] {
  const { anyOf, name, logicalId, description } = whole
  if (anyOf.length <= MAX_IN_RULE) return [whole]
  const parts = Array.from({ length: Math.ceil(anyOf.length / MAX_IN_RULE) }, (_, at) => ({
    name: `${name}-${at + 1}`,
    logicalId: `${logicalId}Part${at + 1}`,
    description,
    anyOf: anyOf.slice(at * MAX_IN_RULE, (at + 1) * MAX_IN_RULE),
    topics: [],
  }))
  return [...parts, { ...whole, anyOf: parts.map(part => part.logicalId) }]
}

/** Returns the CloudFormation resource. It depends on the alarms that it refers to. */
export function compositeResource({ name, description, anyOf, topics, suppressor }: CompositeAlarm): object {
  return {
    Type: 'AWS::CloudWatch::CompositeAlarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: description,
      AlarmRule: { 'Fn::Sub': anyOf.map(id => `ALARM("\${${id}}")`).join(' OR ') },
      ...(suppressor
        ? {
            ActionsSuppressor: { 'Fn::GetAtt': [suppressor, 'Arn'] },
            ActionsSuppressorWaitPeriod: WAIT,
            ActionsSuppressorExtensionPeriod: CATCH_UP,
          }
        : {}),
      // Also send a notification when the alarm ends, so that on-call staff know that the problem is over.
      ...(topics.length > 0 ? { AlarmActions: topics, OKActions: topics } : {}),
    },
  }
}
