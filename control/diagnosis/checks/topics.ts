/** Compares the topics in Kafka with the topic table. Pure. */
import { topicConfiguration } from '#runtime/operating/servers'
import type { Names } from '../../../lib/app/naming/names.ts'
import { describeMergedKeys, type KeyedOutcome, MERGED_ADVICE } from '../../../lib/intake/merged-keys.ts'
import type { FoundTopic, ReadTopicFacts, Settings, Standards, TopicFacts } from '../facts.ts'
import {
  createFinding,
  type Finding,
  type Judgement,
  ok,
  open,
  runChecks,
  unknown,
  wrong,
} from '../finding.ts'

const APPLY = '`sluice topics apply` makes the change, or says why it would lose records.'
const DESCRIBE_TOPIC = 'This check needs permission to describe the topic.'
const DESCRIBE_CONFIGS =
  'This check needs permission to describe the configuration of the topic (kafka-cluster:DescribeTopicDynamicConfiguration).'

/** Existing topic, with its settings in Kafka and in the topic table. */
interface CheckedTopic {
  readonly wanted: TopicFacts['wanted']
  readonly found: FoundTopic
  readonly standards: Standards
  /** Lowest replica count of all partitions. */
  readonly copies: number
  readonly names: Names
}

export function checkTopic(names: Names, facts: TopicFacts, standards: Standards): Finding[] {
  const { topic, wanted, found } = facts
  if ('unseen' in found) return [createFinding('topics', 'exists', topic, unknown(found, DESCRIBE_TOPIC))]
  if (found.seen === undefined)
    return [
      createFinding(
        'topics',
        'exists',
        topic,
        wrong('the topic does not exist', 'Create it with `sluice topics apply`, or deploy.'),
      ),
    ]
  const checkedTopic: CheckedTopic = {
    ...{ names, wanted, standards },
    found: found.seen,
    copies: Math.min(...found.seen.partitions.map(({ replicas }) => replicas.length)),
  }
  return [
    createFinding('topics', 'exists', topic, 'is there'),
    ...runChecks(
      'topics',
      topic,
      { partitions: checkPartitions, replication: checkReplication, 'in-sync': checkInSync },
      { seen: checkedTopic },
    ),
    ...checkSettings(topic, checkedTopic),
  ]
}

/** Checks that a topic of another application exists. On a developer's machine, its reader waits for it. */
export function checkInput(
  { topic, found }: ReadTopicFacts,
  { isLocal }: Pick<Standards, 'isLocal'>,
): Finding {
  return createFinding('topics', 'input', topic, judgeInput(found, isLocal))
}

function judgeInput(found: ReadTopicFacts['found'], isLocal: boolean): Judgement | string {
  if ('unseen' in found) return unknown(found, DESCRIBE_TOPIC)
  if (found.seen) return 'is there'
  if (isLocal) return 'does not exist yet: `intake` reads it as soon as it does'
  return wrong(
    'the topic does not exist, so nothing is read from it',
    'Create it, or correct its name in config/inputs.yaml and deploy. Sluice never creates the topics of other applications.',
  )
}

/** Settings that may be higher than in the table. A retention of -1 is without end. */
const AT_LEAST = ['retention.ms', 'max.message.bytes']

/** Compares the settings of a topic with those that it would be created with. */
function checkSettings(topic: string, { wanted, found, standards }: CheckedTopic): Finding[] {
  const { replication: factor, minInsync } = standards
  const settings = [
    ...topicConfiguration(wanted, { factor, minInsync }),
    // A limit of bytes deletes records before their retention ends.
    { name: 'retention.bytes', value: '-1' },
  ]
  const checks = settings.map(
    ({ name, value }) => [name, (values: Settings) => checkSetting(name, value, values[name])] as const,
  )
  return runChecks('topics', topic, Object.fromEntries(checks), found.settings, DESCRIBE_CONFIGS)
}

function checkSetting(name: string, value: string, found: string | null | undefined): Judgement | string {
  if (found === undefined || found === null) return unknown(`the broker does not report ${name}`)
  const isEnough = AT_LEAST.includes(name) && (Number(found) >= Number(value) || Number(found) < 0)
  if (found === value || isEnough) return `${name}=${found}`
  return wrong(`${name}=${found}, must be ${value}`, APPLY)
}

function checkPartitions({ names, wanted, found }: CheckedTopic) {
  const count = found.partitions.length
  if (count === wanted.partitions) return `${count} partitions`
  return wrong(
    `${count} partitions, but ${wanted.partitions} are configured`,
    `${names.advisePartitions(new Map([[wanted.name, count]]))}: docs/kafka.md describes how.`,
  )
}

function checkReplication({ copies, standards }: CheckedTopic) {
  if (copies >= standards.replication)
    return standards.isLocal && copies === 1 ? '1 copy, on this machine' : `${copies} copies of each record`
  return wrong(
    `${copies === 1 ? '1 copy' : `${copies} copies`} of each record, not ${standards.replication}: records are lost with a broker`,
    'Add copies with kafka-reassign-partitions once there are three brokers.',
  )
}

function checkInSync({ found }: CheckedTopic) {
  const leaderless = found.partitions.filter(({ leader }) => leader < 0)
  const behind = found.partitions.filter(
    partition => partition.leader >= 0 && partition.inSync.length < partition.replicas.length,
  )
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

/** Checks that each entity of an input, or of the readings, gets the records of one key. */
export function checkEntities(
  topic: string,
  outcomes: readonly KeyedOutcome[],
  advice = MERGED_ADVICE,
): Finding[] {
  const lines = describeMergedKeys(outcomes)
  if (lines.length === 0)
    return [createFinding('topics', 'entities', topic, ok('no entity gets the records of several keys'))]
  return lines.map(line => createFinding('topics', 'entities', topic, open(line, advice)))
}
