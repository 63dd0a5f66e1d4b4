/** Composite alarms, one for each cause: only these ring, so that an outage rings once and not with every alarm that it moves. Pure. */
import type { Alarm, AlarmKind, Deployed } from './alarm.ts'
import { CAUSES, type Cause, type CauseName } from './causes.ts'

/** The kinds of alarms from which others follow. They end with the outage: what lasts for days, such as a full disk, must silence nothing. */
const OUTAGES: ReadonlySet<string> = new Set(['redis-away', 'kafka-away', 'partitions-offline'])

/**
 * In seconds. An alarm that follows waits so long for that of its server: both take three to ten minutes to notice. Afterwards consumers
 * have so long to catch up.
 */
const [WAIT, CATCH_UP] = [180, 600]

/** CloudWatch's own limit for the alarms in a rule. */
const MAX_IN_RULE = 100

export interface CompositeAlarm {
  readonly name: string
  readonly logicalId: string
  readonly description: string
  /** The logical ids of the alarms of which any one is enough. */
  readonly anyOf: readonly string[]
  readonly topics: readonly string[]
  /** The logical id of the alarm during which it is silent. */
  readonly suppressor?: string
}

/** The composite alarms over these alarms: of each cause one for what cannot wait, and one for what can. */
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
        description: `${about.says} Urgency: ${urgency}. What to do: ${runbook}#causes`,
        anyOf: found.map(({ logicalId }) => logicalId),
        topics: [...new Set(told.filter(topic => topic !== undefined))],
        ...(about.followsServers ? { suppressor: SUPPRESSOR } : {}),
      })
    }),
  )
  const anyOf = alarms.filter(({ kind }) => OUTAGES.has(kind)).map(({ logicalId }) => logicalId)
  if (anyOf.length === 0) return all
  const description =
    'Redis or Kafka is away. This alarm has no actions: it silences those that follow from an outage.'
  return [{ name: name('servers'), logicalId: SUPPRESSOR, description, anyOf, topics: [] }, ...all]
}

const SUPPRESSOR = logicalIdOf('servers')

function logicalIdOf(short: string): string {
  return `Cause${short
    .split('-')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}`
}

/** More alarms than a rule takes are alarms of alarms, which ring only together. */
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

/** Returns the resource of CloudFormation, which is made after the alarms that it names. */
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
      // Also when it is over, so that the search for its cause ends.
      ...(topics.length > 0 ? { AlarmActions: topics, OKActions: topics } : {}),
    },
  }
}
