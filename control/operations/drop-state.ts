/** Operation that drops the state of a consumer for a partition, or all states of a consumer that is no longer a function. */

import { RedisReplaceableStates } from '#runtime/operating/redis'
import { type ListedState, StateInspection, StateList, type StateSummary } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { OperationFailure, usageFailure } from '../../lib/support/operation-failure.ts'
import { NEWER_PROTOCOL } from '../diagnosis/stalls.ts'
import { listConsumers } from '../environment/functions.ts'
import { readConsumerGroups } from '../queries/kafka/consumer-groups.ts'
import type { Environment } from '../questions/environment.ts'
import { flagField, nameField, numberField, textField } from '../questions/field.ts'
import { operation } from './operation.ts'
import { formatStateKey, listSignalTopics, requireOwnTopic, toAuditFilter } from './state-keys.ts'

interface DroppedState
  extends Pick<ListedState, 'consumer' | 'topic' | 'partition' | 'appliedOffset' | 'entities'> {
  /** Number of emissions that are not published yet; absent for a consumer that is no longer a function. */
  readonly outbox?: number
  /** Absent for a consumer that is no longer a function. Each drop raises the epoch. */
  readonly version?: StateSummary['version']
}

interface Plan {
  readonly consumer: string
  /** Topic that was named; absent for all topics of the environment. */
  readonly topic?: string | undefined
  /** True to remove the states completely, with their epochs, because no process needs them any more. */
  readonly isWhole: boolean
  readonly states: readonly DroppedState[]
}

export const DROP_STATE = operation({
  about: `Remove the state of a consumer for a partition.

With its next batch of the partition, the consumer reads the log again from its start, as far back as Kafka retains
it. Events that it emits again have the same ids as before, as long as the same records are still there.

The option --all-partitions removes all remaining states of a consumer that is no longer a function of this project,
on every topic of the environment. It is rejected while the consumer group has members.`,
  more: `
Examples:
  sluice state drop processor --partition 3
  sluice state drop renamed-long-ago --all-partitions --env staging`,
  fields: {
    consumer: nameField('name of the consumer in serverless.yml'),
    partition: numberField('which one'),
    allPartitions: flagField('all partitions of a consumer that is no longer a function'),
    topic: textField(
      'signal, or full name of a topic (default: readings; with --all-partitions, every one)',
      'readings',
    ),
  },
  rules: {
    conflicts: [['partition', 'allPartitions']],
    requiresOneOf: [['partition', 'allPartitions']],
  },
  // The environment of a recorded batch has states, and no topics.
  mayLackAudit: true,
  asks: ({ consumer, isWhole }: Plan) =>
    isWhole ? `Remove all of these states? The project has no function ${consumer}.` : 'Drop it?',
  async plan(environment, { consumer, partition, topic }): Promise<Plan> {
    const { config, connections } = environment
    if (partition === undefined) requireGone(environment, consumer)
    const client = await connections.redis()
    if (partition === undefined) {
      const isSelected = selectStates(environment, consumer, topic)
      const states = await new StateList(client).all(isSelected)
      if (states.length > 0) return { consumer, topic, isWhole: true, states }
      throw new OperationFailure(
        `Redis has no state of ${consumer} in "${config.env}": check the name of the consumer, and --env.`,
      )
    }
    const stateKey = { consumer, topic: requireOwnTopic({ topic: topic ?? 'readings' }, config), partition }
    const { version, entities, outbox } = await new StateInspection(client).summary(stateKey)
    if (version.appliedOffset < 0 && entities === 0)
      throw new OperationFailure(
        `There is nothing to drop for ${formatStateKey(stateKey)}: check the consumer's name, --topic, --partition and --env.`,
      )
    const state = { ...stateKey, appliedOffset: version.appliedOffset, entities, outbox, version }
    return { consumer, topic, isWhole: false, states: [state] }
  },
  describe: ({ states }) =>
    states.map(({ appliedOffset, entities, outbox, version: _, ...key }) => {
      const waiting = outbox === undefined ? '' : `, ${outbox} waiting to be published`
      return `${formatStateKey(key)}: applied offset ${appliedOffset}, entities ${entities}${waiting}`
    }),
  toAudit: ({ consumer, topic, isWhole, states: [state] }) =>
    isWhole || !state ? { consumer, 'all-partitions': 'yes', ...(topic && { topic }) } : toAuditFilter(state),
  toAgreement: ({ states }) =>
    Object.fromEntries(states.map(state => [formatStateKey(state), String(state.version?.epoch)])),
  async carryOut(environment, { consumer, isWhole, states }, { counts }) {
    const client = await environment.connections.redis()
    const [state] = states
    if (!isWhole && state) {
      // Its consumer may go on meanwhile.
      for (let { version } = state; !(await new RedisReplaceableStates(client).empty(state, version)); ) {
        version = (await new StateInspection(client).summary(state)).version
        if (version.epoch !== state.version?.epoch)
          throw new OperationFailure(
            `Nothing was changed: others have dropped or replaced ${formatStateKey(state)}.`,
          )
      }
      counts.partitions = 1
      counts.entities = state.entities
      return { partitions: 1 }
    }
    await requireNoMembers(environment, consumer)
    const planned = new Set(states.map(formatStateKey))
    const partitions = await new StateList(client).remove(
      key => planned.has(formatStateKey(key)),
      removed => {
        counts.partitions = removed
      },
    )
    return { partitions }
  },
  describeResult: ({ partitions }, { isWhole }) => [
    isWhole
      ? `Removed the states of ${partitions} partitions.`
      : 'Dropped. The next batch of the partition reads the log from its start.',
  ],
})

/** Returns whether a state is one of the consumer in this environment. @throws OperationFailure for a topic of another one */
function selectStates(
  { config }: Environment,
  consumer: string,
  topic: string | undefined,
): (key: StateKey) => boolean {
  const topics =
    topic === undefined
      ? listSignalTopics(config).map(topic => topic.topic)
      : [requireOwnTopic({ topic }, config)]
  return key => key.consumer === consumer && topics.includes(key.topic)
}

/** Checks that the project has no such function. @throws OperationFailure */
function requireGone({ functions }: Environment, consumer: string): void {
  if (listConsumers(functions).includes(consumer))
    throw usageFailure(
      `${consumer} is a function of this project: drop its partitions one by one, with --partition.`,
    )
}

/**
 * Checks that the consumer group has no members.
 *
 * @throws OperationFailure if the group has members, or if Kafka does not report them
 */
async function requireNoMembers(environment: Environment, consumer: string): Promise<void> {
  const group = environment.config.names.groupName(consumer, environment.config.env)
  const kafka = await environment.kafka()
  const rejectUnknown = (reason: string): never => {
    throw new OperationFailure(
      `Nothing was changed, because it is unknown whether the group ${group} has members: ${reason}`,
    )
  }
  const found = await readConsumerGroups(kafka, [group]).catch((error: Error) => rejectUnknown(error.message))
  if (found.some(({ members }) => members === null)) rejectUnknown(`${NEWER_PROTOCOL}.`)
  if (found.some(({ state }) => state !== 'missing' && state !== 'empty'))
    throw new OperationFailure(
      `Nothing was changed: the consumer group ${group} has members, so a function of another project reads for ${consumer}. Remove that function first.`,
    )
}
