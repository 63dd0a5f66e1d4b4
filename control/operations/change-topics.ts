/** Operations that create a topic, and bring the topics of an environment to what the topic table says. */

import { omitUndefined } from '#runtime/consumer'
import {
  createTopic,
  type NewTopic,
  type TopicDifference,
  topicNotCreated,
  validateTopic,
} from '#runtime/operating/kafka'
import { createKind, wholeNumber } from '#runtime/settings'
import { listInputTopics } from '../../lib/app/inputs/inputs.ts'
import { SIGNALS, type Signal } from '../../lib/app/naming/topic-table.ts'
import { usageFailure } from '../../lib/support/operation-failure.ts'
import { type Applying, applyTopics, explainFailedCreation } from '../../lib/topics/apply.ts'
import { findCreation, type PlannedTopics, planTopicChanges } from '../../lib/topics/cluster-plan.ts'
import type { TopicCreation, TopicPlan } from '../../lib/topics/plan.ts'
import { listReaders } from '../environment/functions.ts'
import { inTerminal, listField, nameField, numberField, textField } from '../questions/field.ts'
import { changeAudited } from './carry-out.ts'
import { type ChangedEnvironment, finishByRepeating, operation, PartlyDone } from './operation.ts'

const POSITIVE = wholeNumber({ least: 1 })

/** Kind for a setting of a topic, whose value is the pair of name and value. */
const SETTING = createKind<readonly [name: string, value: string]>(text => {
  const [, name, value] = /^([a-z][a-z.]*)=(.+)$/s.exec(text) ?? []
  return name !== undefined && value !== undefined ? [name, value] : undefined
}, 'a setting and its value, such as retention.ms=86400000')

export const CREATE_TOPIC = operation({
  about: `Create a topic, and wait until it can be written.

Everything that is not given is the default of the brokers. Topics of the topic table, such as readings, are created by
\`sluice topics apply\`.`,
  more: `
Examples:
  sluice topics create orders --partitions 10 --set retention.ms=604800000
  sluice topics create prices --set cleanup.policy=compact --set retention.ms=604800000`,
  fields: {
    // kafka-topics.sh has an option for it.
    name: inTerminal(nameField('full name of the topic'), { flag: 'topic' }),
    partitions: numberField('number of partitions', POSITIVE),
    replicationFactor: numberField('number of replicas of each partition', POSITIVE),
    set: listField(textField('a setting of the topic; can be repeated', 'retention.ms=86400000', SETTING)),
  },
  mayBeFirst: true,
  asks: null,
  async plan(environment, { name: topic, partitions, replicationFactor, set = [] }) {
    const { config } = environment
    const signal = config.names.findSignal(topic) ?? SIGNALS.find(signal => signal === topic)
    if (signal !== undefined) throw usageFailure(describeOwnTopic(topic, signal, partitions))
    const settings: Readonly<Record<string, string>> = Object.fromEntries(set)
    const wanted = { topic, ...omitUndefined({ partitions, replicationFactor }), settings }
    await explainFailedCreation(topic, async () => {
      requireWritable(wanted)
      await validateTopic(await environment.kafka(), wanted)
    })
    return wanted
  },
  describe: ({ topic }) => [`Create topic ${topic}.`],
  toAudit: ({ topic, partitions }) => ({ topic, partitions: String(partitions ?? 'default') }),
  async carryOut(environment, wanted, { counts }) {
    const kafka = await environment.kafka()
    await explainFailedCreation(wanted.topic, () => createTopic(kafka, wanted))
    counts.created = 1
    return { created: wanted.topic }
  },
  describeResult: ({ created }) => [`Created topic: ${created}`],
})

/** Returns how a topic of Sluice is created, with the setting for its number of partitions. */
function describeOwnTopic(topic: string, signal: Signal, partitions: number | undefined): string {
  const name = topic === signal ? topic : `${topic} (${signal})`
  const setting = partitions === undefined ? '' : `PARTITIONS=${signal}=${partitions} `
  return `${name} is in the topic table: create it with \`${setting}sluice topics apply\`, with up to three replicas.`
}

/**
 * Checks that records could be written to the topic. Kafka would create a topic with too few replicas, but then reject every
 * record.
 */
function requireWritable({ replicationFactor, settings }: NewTopic): void {
  const needed = Number(settings['min.insync.replicas'] ?? 1)
  if (replicationFactor !== undefined && needed > replicationFactor)
    throw topicNotCreated(
      `min.insync.replicas ${needed} is larger than the replication factor ${replicationFactor}: nothing could be written`,
    )
}

/**
 * Creates a missing topic for a command. A topic of the topic table has the settings from there; other topics have the defaults of
 * the brokers.
 *
 * @param by person who runs the command
 * @throws OperationFailure if the topic is not created
 */
export async function createMissingTopic(
  environment: ChangedEnvironment,
  topic: string,
  by: string,
): Promise<void> {
  const kafka = await environment.kafka()
  const wanted = findCreation(await planChanges(environment), topic) ?? { topic, settings: {} }
  const change = { action: 'topics create', filter: { topic }, by, mayBeFirst: true }
  await changeAudited(environment, change, async counts => {
    await explainFailedCreation(topic, () => createTopic(kafka, wanted))
    counts.created = 1
  })
}

async function planChanges(environment: ChangedEnvironment): Promise<PlannedTopics> {
  const { config, functions } = environment
  const { env, names, kafka } = config
  return planTopicChanges({
    kafka: await environment.kafka(),
    offsets: await environment.offsets(),
    ...{ env, names, others: config.isOneMachine ? listInputTopics(config) : [] },
    listReaders: signal => listReaders(functions, signal),
    ...(kafka.clusterArn && { clusterArn: kafka.clusterArn }),
  })
}

export const APPLY_TOPICS = operation({
  about: `Create the missing topics of the environment, and change settings that differ from the topic table
(lib/app/naming/topic-table.ts).

In the plan, + marks a topic to create, ~ a change, and ! a change that is refused. Changes that would lose records are
refused: fewer partitions, a shorter retention, another cleanup policy, smaller messages. More partitions of a topic that
functions read are also refused, because entities would move away from their states: docs/kafka.md describes how to go to
a new topic. Settings that the table does not have are unchanged. If any change was refused, the exit status is 1.`,
  more: `
Examples:
  sluice topics apply
  sluice topics apply --env staging --yes`,
  fields: {},
  mayBeFirst: true,
  async plan(environment): Promise<PlannedTopics & { readonly env: string }> {
    return { env: environment.config.env, ...(await planChanges(environment)) }
  },
  asks: ({ env }) => `Change the topics of "${env}"?`,
  isEmpty: ({ plan }) => !hasChanges(plan),
  describe: ({ env, plan }) => describePlan(env, plan),
  toDocument: ({ env, plan }) => ({ env, ...plan }),
  toAudit: ({ plan }) => toAuditFilter(plan),
  async carryOut(environment, planned, { counts, stop }): Promise<Applying> {
    const applying: Applying = { created: [], changed: [] }
    try {
      await applyTopics(await environment.kafka(), planned, applying, stop)
      return applying
    } catch (error) {
      throw new PartlyDone(applying, error)
    } finally {
      counts.created = applying.created.length
      counts.changed = applying.changed.length
    }
  },
  describeResult: describeApplied,
  describeRest: ({ plan }) => toRefusedText(plan.refused),
  afterStop: finishByRepeating,
})

/** Returns a line for each change, and their numbers. */
export function describePlan(env: string, { creations, changes, refused }: TopicPlan): string[] {
  if (creations.length + changes.length + refused.length === 0)
    return [`The topics of "${env}" match the topic table.`]
  return [
    ...creations.map(creation => `+ ${formatCreation(creation)}`),
    ...changes.map(change => `~ ${formatChange(change)}`),
    ...refused.map(change => `! ${formatChange(change)} is refused: ${change.because}`),
    `${creations.length} to create, ${changes.length} to change, ${refused.length} refused.`,
  ]
}

function hasChanges({ creations, changes }: TopicPlan): boolean {
  return creations.length + changes.length > 0
}

/** Returns a plan in the form that is used for the filter of an audit event. */
function toAuditFilter({ creations, changes }: TopicPlan): Readonly<Record<string, string>> {
  return {
    ...(creations.length > 0 && { create: creations.map(({ topic }) => topic).join(', ') }),
    ...(changes.length > 0 && { change: changes.map(formatChange).join(', ') }),
  }
}

function formatCreation({ topic, partitions, replicationFactor }: TopicCreation): string {
  const copies = replicationFactor === undefined ? '' : `, replication.factor ${replicationFactor}`
  return `${topic}: create, partitions ${partitions}${copies}`
}

/** Returns a line such as `sluice.telemetry.events.local: retention.ms 1000 → 2592000000`. */
function formatChange({ topic, setting, found, wanted }: TopicDifference): string {
  return `${topic}: ${setting} ${found} → ${wanted}`
}

export function describeApplied({ created, changed }: Applying): string[] {
  return [
    ...created.map(topic => `Created topic: ${topic}`),
    ...changed.map(change => `Changed ${formatChange(change)}`),
  ]
}

/** Says that changes were refused; undefined if none was. */
export function toRefusedText({ length }: TopicPlan['refused']): string | undefined {
  if (length === 0) return undefined
  return length === 1
    ? '1 change was refused: see the plan.'
    : `${length} changes were refused: see the plan.`
}
