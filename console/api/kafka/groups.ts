/** Consumer groups of the cluster and their lag. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import type { KnownBounds } from '#runtime/adapters/kafka/cluster-inspection.ts'
import type { GroupDescription } from '#runtime/adapters/kafka/groups.ts'
import {
  type AgedGroupLag,
  addGroupAges,
  listGroups,
  readConsumerGroups,
  readGroupLags,
} from '../../../lib/queries/kafka/consumer-groups.ts'
import { textFilter } from '../../../lib/support/text-match.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import {
  findFunction,
  type GroupSummary,
  listClusterTopics,
  readBounds,
  summarizeGroup,
} from './cluster-topics.ts'

export interface ListedGroup extends GroupSummary {
  readonly topics: readonly string[]
  /** True if the lag may be larger, because the end offset of a partition without a leader is unknown. */
  readonly isAtLeast: boolean
}

export interface GroupAnswer extends AgedGroupLag {
  readonly function: string | null
  /** Age of the oldest pending record in seconds; 0 without lag, null if unknown. */
  readonly seconds: number | null
}

/** Maximum number of listed groups. Each group requires a request to its coordinator. */
const MAX_GROUPS = 500
/** Maximum number of lag ages per request. Each age requires reading a record. */
const MAX_AGES = 200

/** Lists the groups whose names contain the text, up to a limit. `more` is the number of matching groups that are not listed. */
export async function listMatchingGroups(environment: ConsoleEnvironment, find: string) {
  const kafka = await environment.kafka()
  const fits = textFilter(find)
  const matching = (await listGroups(kafka)).filter(({ group }) => fits(group))
  const shown = matching.slice(0, MAX_GROUPS)
  const lags = await readGroupLags(kafka, topics => readBoundsByName(environment, topics), shown)
  const groups: ListedGroup[] = lags.map(lag => ({
    ...summarizeGroup(environment, lag),
    topics: lag.topics.map(({ topic }) => topic),
    isAtLeast: lag.topics.some(({ unknown }) => unknown.length > 0),
  }))
  return { groups, more: matching.length - shown.length }
}

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
  return { ...aged, function: findFunction(environment, name), seconds: computeLongestWait(aged) }
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

async function readBoundsByName(
  environment: ConsoleEnvironment,
  names: readonly string[],
): Promise<KnownBounds> {
  const cluster = await environment.cluster()
  const topics = (await listClusterTopics(cluster)).filter(({ topic }) => names.includes(topic))
  return readBounds(cluster, topics)
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

/** Returns the age of the oldest pending record in seconds; 0 without lag, null if unknown. Pure. */
function computeLongestWait({ topics }: Pick<AgedGroupLag, 'topics'>): number | null {
  const waiting = topics.flatMap(({ partitions }) => partitions.filter(({ pending }) => pending > 0))
  const ages = waiting.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
  if (waiting.length > 0 && ages.length === 0) return null
  return Math.max(0, ...ages)
}
