/** Selects the partition states to which a command applies. */

import type { StateKey } from '#runtime/pipeline'
import type { Named } from '../../lib/app/naming/names.ts'
import { SIGNALS, type Signal } from '../../lib/app/naming/topic-table.ts'
import { type OperationFailure, usageFailure } from '../../lib/support/operation-failure.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import { findFirstSignal, getConsumerName, listConsumers } from '../environment/functions.ts'
import type { ReadingFunction } from '../questions/environment.ts'
import { listStateKeys, type TopicSize } from '../tables/table.ts'

export interface StateSelection {
  readonly consumer: string
  /** Signal in the environment, or full name of a topic. */
  readonly topic: string
  readonly partition?: number
}

export function resolveTopic({ topic }: Pick<StateSelection, 'topic'>, { env, names }: Named): string {
  return names.resolveTopic(topic, env)
}

/**
 * Returns a topic like `resolveTopic`, but rejects topics of other environments. Commands that change something must use this function.
 *
 * @throws OperationFailure for a topic of another environment
 */
export function requireOwnTopic(wanted: Pick<StateSelection, 'topic'>, named: Named): string {
  const topic = resolveTopic(wanted, named)
  assertOwnTopic(topic, named)
  return topic
}

/**
 * Checks that a topic belongs to the environment. A topic that is not in the topic table is accepted, because it does not belong to
 * any environment.
 *
 * @throws OperationFailure for a topic of another environment
 */
function assertOwnTopic(topic: string, { env, names }: Named): void {
  if (names.topicNamed(topic) && !names.signalNamed(topic, env))
    throw usageFailure(
      `Nothing was changed: ${topic} is not a topic of "${env}". Specify its environment with --env.`,
    )
}

/**
 * Returns the keys of the selected partition states.
 *
 * @param partitions partition count of the topic; undefined if Kafka has not answered
 */
export function selectStateKeys(
  wanted: StateSelection,
  named: Named,
  partitions: number | undefined,
): StateKey[] {
  const topic = resolveTopic(wanted, named)
  const { consumer, partition } = wanted
  const count = partitions ?? countPartitionsInTable(topic, named)
  if (partition !== undefined) {
    if (count !== undefined && partition >= count)
      throw usageFailure(
        `--partition ${partition}: ${topic} has ${count} partitions, from 0 to ${count - 1}.`,
      )
    return [{ consumer, topic, partition }]
  }
  if (count === undefined)
    throw usageFailure(`The number of partitions of ${topic} is unknown: select one with --partition.`)
  return listStateKeys(consumer, { topic, partitions: count })
}

export function formatStateKey({ consumer, topic, partition }: StateKey): string {
  return `${consumer} on ${topic}/${partition}`
}

/** Returns a state key in the form that is used for the filter of an audit event. */
export function toAuditFilter({ consumer, topic, partition }: StateKey): Readonly<Record<string, string>> {
  return { consumer, topic, partition: String(partition) }
}

/** Returns the topics of an environment, from the topic table. */
export function listSignalTopics({ env, names }: Named): (TopicSize & { readonly signal: Signal })[] {
  return SIGNALS.map(signal => ({ signal, ...names.topicSize(signal, env) }))
}

/**
 * Returns the topic that a consumer reads.
 *
 * @param wanted requested topic, if any
 * @throws OperationFailure if the consumer is unknown, if it does not read the requested topic, or if it reads several topics and
 * none is requested
 */
export function resolveSignal(
  functions: readonly ReadingFunction[],
  consumer: string,
  wanted: string | undefined,
): Signal {
  const consumes = functions.flatMap(own => (getConsumerName(own) === consumer ? own.consumes : []))
  const [first, ...others] = consumes
  if (first === undefined) throw unknownConsumerFailure(functions, consumer)
  const meant = wanted ?? (others.length === 0 ? first : findFirstSignal(consumer))
  const signal = consumes.find(signal => signal === meant)
  if (signal === undefined) throw topicNeededFailure(consumer, consumes)
  return signal
}

/** Returns the refusal of a consumer that is not one of these functions. */
export function unknownConsumerFailure(
  functions: readonly ReadingFunction[],
  name: string,
): OperationFailure {
  const consumers = listConsumers(functions)
  return usageFailure(
    `The project has no consumer "${name}".${suggestion(name, consumers) ?? ''} Consumers are ${consumers.join(', ')}.`,
  )
}

/** Returns the refusal of a request that does not name one of several topics. @param note further condition, if any */
export function topicNeededFailure(consumer: string, topics: readonly string[], note = ''): OperationFailure {
  return usageFailure(`${consumer} reads ${topics.join(', ')}${note}: select one of them with --topic.`)
}

function countPartitionsInTable(topic: string, named: Named): number | undefined {
  return listSignalTopics(named).find(stateKey => stateKey.topic === topic)?.partitions
}
