/** The consumer groups of the cluster, whoever runs them, and how far each is behind. */
import { Hono } from 'hono'
import { maxLength, minLength, object, optional, pipe, string } from 'valibot'
import { type AgedGroupLag, allGroups, groupLags, withGroupAges } from '../../../lib/queries/group-lags.ts'
import { consumerGroups } from '../../../lib/queries/groups.ts'
import type { Kafka } from '../../../packages/runtime/adapters/kafka/client.ts'
import type { KnownBounds } from '../../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import type { GroupDescription } from '../../../packages/runtime/adapters/kafka/groups.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { watchable } from '../../live/watchable.ts'
import { ProblemError } from '../problem.ts'
import { boundsOf, clusterTopics, FIND, functionOf, isFound } from './layouts.ts'

export interface GroupsAnswer {
  readonly groups: readonly ListedGroup[]
  /** How many others match that are not listed, because the list has an upper bound. */
  readonly more: number
}

export interface ListedGroup {
  readonly group: string
  /** The function of Sluice that reads as this group; null if it is somebody else's. */
  readonly function: string | null
  readonly state: AgedGroupLag['state']
  readonly members: number
  readonly topics: readonly string[]
  readonly pending: number
  /** Whether more may wait: a partition that it reads has no leader, so its end is not known. */
  readonly isAtLeast: boolean
}

export interface GroupAnswer extends AgedGroupLag {
  readonly function: string | null
  /** Of its oldest record that is not consumed; 0 without lag, null if that is not known. */
  readonly seconds: number | null
}

const ASKED_EVERY_MS = 4_000
/** Each costs a question to its coordinator. */
const MOST_GROUPS = 500
/** The age of a lag costs the reading of a record. */
const MOST_AGES = 200

const NAME = pipe(optional(string(), ''), minLength(1, 'name a group'), maxLength(1_000, 'is too long'))

export function groupRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const asked = { everyMs: ASKED_EVERY_MS, environment }
  watchable(routes, '/', { query: object({ find: FIND }), ...asked }, ({ find }) => listed(environment, find))
  watchable(routes, '/one', { query: object({ name: NAME }), ...asked }, ({ name }) =>
    oneGroup(environment, name),
  )
  return routes
}

async function listed(environment: ConsoleEnvironment, find: string): Promise<GroupsAnswer> {
  const kafka = await environment.kafka()
  const matching = (await allGroups(kafka)).filter(({ group }) => isFound(group, find))
  const shown = matching.slice(0, MOST_GROUPS)
  const lags = await groupLags(kafka, topics => boundsOfTopics(environment, topics), shown)
  const groups = lags.map(({ group, state, members, topics, pending }) => ({
    group,
    function: functionOf(environment, group),
    state,
    members: members.length,
    topics: topics.map(({ topic }) => topic),
    pending,
    isAtLeast: topics.some(({ unknown }) => unknown.length > 0),
  }))
  return { groups, more: matching.length - shown.length }
}

/** @throws ProblemError if there is no such group */
async function oneGroup(environment: ConsoleEnvironment, name: string): Promise<GroupAnswer> {
  const kafka = await environment.kafka()
  const description = await groupCalled(kafka, name)
  if (!description)
    throw new ProblemError(
      'not-found',
      `Kafka has no consumer group ${name}. A function has one once it has begun to read.`,
    )
  const [lag] = await groupLags(kafka, topics => boundsOfTopics(environment, topics), [description])
  if (!lag) throw new Error('a group was asked about, and none is answered')
  const waiting = lag.topics.flatMap(({ partitions }) => partitions.filter(({ pending }) => pending > 0))
  const aged =
    waiting.length > MOST_AGES
      ? withoutAges(lag)
      : await withGroupAges(await environment.log(), lag, Date.now())
  return { ...aged, function: functionOf(environment, name), seconds: longestWait(aged) }
}

/** One whose coordinator does not describe it to this client may be listed nevertheless. */
async function groupCalled(kafka: Kafka, name: string): Promise<GroupDescription | undefined> {
  const [described] = await consumerGroups(kafka, [name])
  if (described && described.state !== 'missing') return described
  return (await allGroups(kafka)).find(({ group }) => group === name)
}

async function boundsOfTopics(
  environment: ConsoleEnvironment,
  names: readonly string[],
): Promise<KnownBounds> {
  const cluster = await environment.cluster()
  const topics = (await clusterTopics(cluster)).filter(({ topic }) => names.includes(topic))
  return boundsOf(cluster, topics)
}

type Lag = Awaited<ReturnType<typeof groupLags>>[number]

function withoutAges(lag: Lag): AgedGroupLag {
  const topics = lag.topics.map(topic => ({
    ...topic,
    partitions: topic.partitions.map(one => ({ ...one, seconds: one.pending === 0 ? 0 : null })),
  }))
  return { ...lag, topics }
}

/** Seconds; 0 without lag, null if none of them is known. Pure. */
function longestWait({ topics }: Pick<AgedGroupLag, 'topics'>): number | null {
  const waiting = topics.flatMap(({ partitions }) => partitions.filter(({ pending }) => pending > 0))
  const known = waiting.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
  if (waiting.length > 0 && known.length === 0) return null
  return Math.max(0, ...known)
}
