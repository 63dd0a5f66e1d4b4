/** Compares the topics in Kafka with the topic table. Pure. */
import { durationText } from '../../duration.ts'
import type { FoundTopic, Settings, Standards, TopicFacts } from '../facts.ts'
import { type Finding, finding, type Judgement, judged, type Observed, unknown, wrong } from '../finding.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const APPLY = '`sluice topics apply` shows the change, and asks before it makes it.'
const DESCRIBE_CONFIGS =
  'This check needs permission to describe the configuration of the topic (kafka-cluster:DescribeTopicDynamicConfiguration).'

/** Existing topic, with its settings in Kafka and in the topic table. */
interface Judged {
  readonly wanted: TopicFacts['wanted']
  readonly found: FoundTopic
  readonly standards: Standards
  /** Lowest replica count of all partitions. */
  readonly copies: number
}

export function topicFindings(facts: TopicFacts, standards: Standards): Finding[] {
  const { topic, wanted, found } = facts
  if ('unseen' in found)
    return [
      finding(
        'topics',
        'exists',
        topic,
        unknown(found.unseen, 'This check needs permission to describe the topic.'),
      ),
    ]
  if (found.seen === undefined)
    return [
      finding(
        'topics',
        'exists',
        topic,
        wrong('the topic does not exist', 'Create it with `sluice topics apply`, or deploy.'),
      ),
    ]
  const one = judgedTopic(wanted, found.seen, standards)
  return [
    finding('topics', 'exists', topic, 'is there'),
    ...judged('topics', topic, { partitions, replication, 'in-sync': inSync }, { seen: one }),
    ...Object.entries(SETTINGS).flatMap(([check, rule]) => settingFindings(topic, check, rule, one)),
  ]
}

/**
 * Returns only the finding about the timestamp type; empty for a missing topic. A deployment is rejected if the timestamp type is
 * wrong.
 */
export function timestampFindings({ topic, wanted, found }: TopicFacts, standards: Standards): Finding[] {
  const check = 'timestamp-type'
  if ('unseen' in found) return [finding('topics', check, topic, unknown(found.unseen))]
  if (found.seen === undefined) return []
  return settingFindings(topic, check, SETTINGS[check], judgedTopic(wanted, found.seen, standards))
}

function judgedTopic(wanted: TopicFacts['wanted'], found: FoundTopic, standards: Standards): Judged {
  return {
    wanted,
    found,
    standards,
    copies: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
  }
}

function settingFindings(
  topic: string,
  check: string,
  [setting, judge]: SettingRule,
  one: Judged,
): Finding[] {
  const settings: Observed<Settings> = one.found.settings
  const judgement = (values: Settings) => {
    const value = values[setting] ?? undefined
    return value === undefined ? unknown(`the broker does not report ${setting}`) : judge(value, one)
  }
  return judged('topics', topic, { [check]: judgement }, settings, DESCRIBE_CONFIGS)
}

function partitions({ wanted, found }: Judged) {
  const count = found.partitions.length
  if (count >= wanted.partitions) return `${count} partitions`
  return wrong(
    `${count} of ${wanted.partitions} partitions: fewer functions can run in parallel`,
    'docs/kafka.md describes how to go to a topic with more partitions.',
  )
}

function replication({ copies, standards }: Judged) {
  if (copies >= standards.replication)
    return standards.isLocal && copies === 1 ? '1 copy, on this machine' : `${copies} copies of each record`
  return wrong(
    `${copies === 1 ? '1 copy' : `${copies} copies`} of each record, not ${standards.replication}: records are lost with a broker`,
    'Add copies with kafka-reassign-partitions once there are three brokers.',
  )
}

function inSync({ found }: Judged) {
  const leaderless = found.partitions.filter(({ leader }) => leader < 0)
  const behind = found.partitions.filter(one => one.leader >= 0 && one.inSync.length < one.replicas.length)
  const numbers = (some: typeof behind) => some.map(({ partition }) => partition).join(', ')
  if (leaderless.length > 0)
    return wrong(
      `no broker leads partition ${numbers(leaderless)}: nothing is read from it or written to it`,
      'Restart the brokers that have its copies; `sluice topics describe` shows them.',
    )
  if (behind.length > 0)
    return wrong(
      `a copy of partition ${numbers(behind)} has fallen behind`,
      'Check for a stopped broker or a full disk; `sluice topics describe` shows the copies that are in sync.',
    )
  return 'all copies are up to date'
}

type SettingRule = readonly [setting: string, judge: (value: string, topic: Judged) => Judgement | string]

const SETTINGS = {
  'min-insync': ['min.insync.replicas', minInsync],
  retention: ['retention.ms', retention],
  'retention-bytes': [
    'retention.bytes',
    value =>
      Number(value) < 0
        ? 'records are deleted only by their age'
        : wrong(
            `retention.bytes=${value}: records of a full partition are deleted before their retention ends`,
            'Remove retention.bytes of the topic.',
          ),
  ],
  cleanup: [
    'cleanup.policy',
    value =>
      value === 'delete'
        ? 'cleanup.policy=delete'
        : wrong(`cleanup.policy=${value}: compaction deletes records that were not read yet`, APPLY),
  ],
  'timestamp-type': ['message.timestamp.type', timestampType],
  'message-size': [
    'max.message.bytes',
    (value, { wanted: { maxMessageBytes } }) =>
      Number(value) >= maxMessageBytes
        ? `messages of up to ${value} bytes`
        : wrong(`max.message.bytes=${value}, must be ${maxMessageBytes}: larger records are refused`, APPLY),
  ],
  compression: [
    'compression.type',
    value =>
      value === 'producer'
        ? 'batches are kept as their producers compress them'
        : wrong(`compression.type=${value}: brokers recompress every batch`, APPLY),
  ],
} satisfies Record<string, SettingRule>

function timestampType(value: string, { wanted: { timestamps } }: Judged) {
  if (value === timestamps) return `message.timestamp.type=${value}`
  const because =
    timestamps === 'LogAppendTime'
      ? "timers and delays count by the brokers' clock, and this topic has those of its producers"
      : 'the timestamps of producers are lost'
  return wrong(
    `message.timestamp.type=${value}, must be ${timestamps}: ${because}`,
    'Set message.timestamp.type of the topic before its consumers run: `sluice topics apply` does so while the topic is empty. For a topic with records, use kafka-configs.sh of Kafka; the records keep their timestamps.',
  )
}

function retention(value: string, { wanted }: Judged) {
  const ms = Number(value)
  const wantedMs = wanted.keptDays * DAY_MS
  if (ms < 0) return 'records are kept forever'
  if (ms >= wantedMs) return `records are kept for ${daysText(ms)}`
  return wrong(
    `records are kept for ${daysText(ms)}, not ${daysText(wantedMs)}: records that are not read in that time are lost`,
    APPLY,
  )
}

function minInsync(value: string, { copies, standards }: Judged) {
  const least = Number(value)
  if (least > copies)
    return wrong(`min.insync.replicas=${value} with ${copies} copies: nothing can be written`, APPLY)
  if (least === copies && copies > 1)
    return wrong(
      `min.insync.replicas=${value} with ${copies} copies: the loss of one broker stops writes`,
      APPLY,
    )
  if (least >= standards.minInsync)
    return standards.isLocal && least === 1
      ? 'the only copy acknowledges a write'
      : `${least} copies acknowledge a write`
  return wrong(
    `min.insync.replicas=${value}, must be ${standards.minInsync}: a record that one broker has acknowledged is lost with it`,
    APPLY,
  )
}

function daysText(ms: number): string {
  if (ms < DAY_MS) return durationText(ms)
  const days = Math.round((ms / DAY_MS) * 10) / 10
  return days === 1 ? '1 day' : `${days} days`
}
