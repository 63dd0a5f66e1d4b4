/** Consumer groups of the cluster and their lag. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import type { GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import {
  type AgedGroupLag,
  addGroupAges,
  computeLongestWait,
  listGroups,
  readConsumerGroups,
  readGroupLags,
} from '../../../lib/queries/kafka/consumer-groups.ts'
import { type GroupState, judgeGroup } from '../../../lib/questions/groups.ts'
import { readBoundsByName } from '../../../lib/questions/kafka.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'

export interface GroupAnswer extends Omit<AgedGroupLag, 'state'>, GroupState {
  readonly function: string | null
  /** Age of the oldest pending record in seconds; 0 without lag, null if unknown. */
  readonly seconds: number | null
}

/** Maximum number of lag ages per request. Each age requires reading a record. */
const MAX_AGES = 200

/** Describes one group. @throws ProblemError for an unknown group */
export async function readGroup(environment: ConsoleEnvironment, name: string): Promise<GroupAnswer> {
  const kafka = await environment.kafka()
  const description = await findGroup(kafka, name)
  if (!description)
    throw new ProblemError(
      'not-found',
      `Kafka has no consumer group ${name}. A function's group exists once the function has started to read.`,
    )
  const [lag] = await readGroupLags(kafka, topics => readBoundsByName(environment, topics), [description])
  if (!lag) throw new Error('Kafka returned no lag for the group')
  const waiting = lag.topics.flatMap(({ partitions }) => partitions.filter(({ pending }) => pending > 0))
  const aged =
    waiting.length > MAX_AGES
      ? withoutAges(lag)
      : await addGroupAges(await environment.log(), lag, Date.now())
  const { state, pending } = aged
  return {
    ...aged,
    ...judgeGroup(state, pending),
    function: environment.findFunction(name),
    seconds: computeLongestWait(aged),
  }
}

/**
 * Returns the description of a group. If the group's coordinator does not describe it to this client, its entry in the list of all
 * groups is returned.
 */
async function findGroup(kafka: Kafka, name: string): Promise<GroupDescription | undefined> {
  const [description] = await readConsumerGroups(kafka, [name])
  if (description && description.state !== 'missing') return description
  return (await listGroups(kafka)).find(({ group }) => group === name)
}

type Lag = Awaited<ReturnType<typeof readGroupLags>>[number]

function withoutAges(lag: Lag): AgedGroupLag {
  const topics = lag.topics.map(topic => ({
    ...topic,
    partitions: topic.partitions.map(partition => ({
      ...partition,
      seconds: partition.pending === 0 ? 0 : null,
    })),
  }))
  return { ...lag, topics }
}
