/** The checklist of topics, against the table of topics. Pure. */
import { durationText } from '../../duration.ts'
import type { FoundTopic, Settings, Standards, TopicFacts } from '../facts.ts'
import { about, type Finding } from '../finding.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const APPLY = '`sluice topics plan` shows the change, and `sluice topics apply` makes it.'

/** Findings of one topic. */
export function topicFindings(facts: TopicFacts, standards: Standards): Finding[] {
  const { topic, found } = facts
  const exists = about('topics', 'exists', topic)
  if ('unseen' in found) return [exists.unknown(found.unseen, 'It takes the right to describe the topic.')]
  if (found.seen === undefined)
    return [
      exists.wrong('there is no such topic', '`sluice topics apply` creates it, and so does a deployment.'),
    ]
  return [
    exists.ok('is there'),
    partitionsFinding(facts, found.seen),
    replicationFinding(topic, found.seen, standards),
    inSyncFinding(topic, found.seen),
    ...settingFindings(facts, found.seen, standards),
  ]
}

function partitionsFinding({ topic, wanted }: TopicFacts, { partitions }: FoundTopic): Finding {
  const { ok, wrong } = about('topics', 'partitions', topic)
  if (partitions.length >= wanted.partitions) return ok(`${partitions.length} partitions`)
  return wrong(
    `${partitions.length} of ${wanted.partitions} partitions: fewer functions can work side by side`,
    '`sluice topics grow` adds partitions and moves the states of entities along.',
  )
}

function replicationFinding(topic: string, { partitions }: FoundTopic, standards: Standards): Finding {
  const { ok, wrong } = about('topics', 'replication', topic)
  const least = Math.min(...partitions.map(({ replicas }) => replicas.length))
  if (least >= standards.replication)
    return ok(standards.isLocal && least === 1 ? '1 copy, on this machine' : `${least} copies of each record`)
  return wrong(
    `${least === 1 ? '1 copy' : `${least} copies`} of each record, not ${standards.replication}: records are lost with a broker`,
    'Add copies with kafka-reassign-partitions of Kafka, once there are three brokers.',
  )
}

/** Whether copies are up to date, and every partition has a leader. */
function inSyncFinding(topic: string, { partitions }: FoundTopic): Finding {
  const { ok, wrong } = about('topics', 'in-sync', topic)
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
  const behind = partitions
    .filter(({ leader, replicas, inSync }) => leader >= 0 && inSync.length < replicas.length)
    .map(({ partition }) => partition)
  if (leaderless.length > 0)
    return wrong(
      `no broker leads partition ${leaderless.join(', ')}: nothing is read from it or written to it`,
      'Bring back the brokers that have its copies: `sluice topics describe` names them.',
    )
  if (behind.length > 0)
    return wrong(
      `a copy of partition ${behind.join(', ')} has fallen behind`,
      'Is a broker away, or its disk full? `sluice topics describe` names the copies that are in sync.',
    )
  return ok('all copies are up to date')
}

interface Rule {
  readonly check: string
  readonly setting: string
  readonly judge: (
    value: string,
    facts: TopicFacts,
    standards: Standards,
  ) => readonly [says: string, todo?: string]
}

const RULES: readonly Rule[] = [
  { check: 'min-insync', setting: 'min.insync.replicas', judge: minInsync },
  { check: 'retention', setting: 'retention.ms', judge: retention },
  {
    check: 'retention-bytes',
    setting: 'retention.bytes',
    judge: value =>
      Number(value) < 0
        ? ['records leave by their age alone']
        : [
            `retention.bytes=${value}: a full partition loses records before their time`,
            'Remove retention.bytes of the topic.',
          ],
  },
  {
    check: 'cleanup',
    setting: 'cleanup.policy',
    judge: value =>
      value === 'delete'
        ? ['cleanup.policy=delete']
        : [`cleanup.policy=${value}: compaction removes records that were not read yet`, APPLY],
  },
  { check: 'timestamp-type', setting: 'message.timestamp.type', judge: timestampType },
  { check: 'message-size', setting: 'max.message.bytes', judge: messageSize },
  {
    check: 'compression',
    setting: 'compression.type',
    judge: value =>
      value === 'producer'
        ? ['batches are kept as their producers compress them']
        : [`compression.type=${value}: brokers compress every batch anew`, APPLY],
  },
]

/** The check that judges a setting, of those that a plan of topics changes or refuses. */
export function topicCheckOf(setting: string): string {
  if (setting === 'partitions') return 'partitions'
  if (setting === 'replication.factor') return 'replication'
  return RULES.find(rule => rule.setting === setting)?.check ?? setting
}

function settingFindings(facts: TopicFacts, found: FoundTopic, standards: Standards): Finding[] {
  return RULES.map(rule => settingFinding(rule, facts, found, standards))
}

function settingFinding(
  { check, setting, judge }: Rule,
  facts: TopicFacts,
  { settings }: FoundTopic,
  standards: Standards,
): Finding {
  const { ok, wrong, unknown } = about('topics', check, facts.topic)
  if ('unseen' in settings) return unknown(settings.unseen, DESCRIBE_CONFIGS)
  const value = (settings.seen as Settings)[setting]
  if (value === undefined || value === null) return unknown(`the broker does not tell ${setting}`)
  const [says, todo] = judge(value, facts, standards)
  return todo === undefined ? ok(says) : wrong(says, todo)
}

const DESCRIBE_CONFIGS =
  'It takes the right to describe the configuration of the topic (kafka-cluster:DescribeTopicDynamicConfiguration).'

/** The finding about the timestamp type alone: a deployment refuses a topic for it. Undefined if there is no such topic. */
export function timestampFinding(facts: TopicFacts, standards: Standards): Finding | undefined {
  const { found, topic } = facts
  if ('unseen' in found) return about('topics', 'timestamp-type', topic).unknown(found.unseen)
  const rule = RULES.find(({ check }) => check === 'timestamp-type')
  return found.seen && rule ? settingFinding(rule, facts, found.seen, standards) : undefined
}

function timestampType(value: string, { wanted }: TopicFacts): readonly [string, string?] {
  if (value === wanted.timestamps) return [`message.timestamp.type=${value}`]
  const because =
    wanted.timestamps === 'LogAppendTime'
      ? "timers and delays count by the brokers' clock, and this topic carries those of its producers"
      : 'the time that producers gave is lost'
  return [
    `message.timestamp.type=${value}, must be ${wanted.timestamps}: ${because}`,
    'Set message.timestamp.type of the topic before its consumers run: `sluice topics apply` does while it is empty, kafka-configs.sh of Kafka also with records, which keep their timestamps.',
  ]
}

function retention(value: string, { wanted }: TopicFacts): readonly [string, string?] {
  const ms = Number(value)
  const wantedMs = wanted.keptDays * DAY_MS
  if (ms < 0) return ['records are kept without end']
  if (ms >= wantedMs) return [`records are kept for ${daysText(ms)}`]
  return [
    `records are kept for ${daysText(ms)}, not ${daysText(wantedMs)}: what is not read in that time is lost`,
    APPLY,
  ]
}

function minInsync(value: string, { found }: TopicFacts, standards: Standards): readonly [string, string?] {
  const least = Number(value)
  const partitions = ('seen' in found && found.seen?.partitions) || []
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length))
  if (least > copies)
    return [`min.insync.replicas=${value} with ${copies} copies: nothing can be written`, APPLY]
  if (least === copies && copies > 1)
    return [`min.insync.replicas=${value} with ${copies} copies: the loss of one broker stops writes`, APPLY]
  if (least >= standards.minInsync)
    return [
      standards.isLocal && least === 1
        ? 'the only copy acknowledges a write'
        : `${least} copies acknowledge a write`,
    ]
  return [
    `min.insync.replicas=${value}, must be ${standards.minInsync}: a record that one broker has acknowledged is lost with it`,
    APPLY,
  ]
}

function messageSize(value: string, { wanted }: TopicFacts): readonly [string, string?] {
  if (Number(value) >= wanted.maxMessageBytes) return [`messages of up to ${value} bytes`]
  return [`max.message.bytes=${value}, must be ${wanted.maxMessageBytes}: larger records are refused`, APPLY]
}

function daysText(ms: number): string {
  if (ms < DAY_MS) return durationText(ms)
  const days = Math.round((ms / DAY_MS) * 10) / 10
  return days === 1 ? '1 day' : `${days} days`
}
