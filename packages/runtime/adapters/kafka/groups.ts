import type { Broker, Cluster, DescribedGroup } from '@sluice/kafka-records'
import kafkajs, { type Kafka } from 'kafkajs'
import { askCluster } from './ask-cluster.ts'
import { brokersAnswer } from './availability.ts'
import { splitIntoRequests } from './split-requests.ts'

export interface GroupDescription {
  readonly group: string
  /**
   * `empty`: the group has offsets but no members. `missing`: Kafka has no such group. `unknown`: the coordinator describes only groups
   * of the classic protocol, and the group has a newer one (KIP-848, KIP-932, KIP-1071).
   */
  readonly state: 'stable' | 'rebalancing' | 'empty' | 'missing' | 'unknown'
  /** Null in the state `unknown`. */
  readonly members: readonly GroupMember[] | null
}

interface GroupMember {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
  /** Assigned partitions by topic. Empty while the group rebalances. */
  readonly assigned: Readonly<Record<string, readonly number[]>>
}

const STATES: Readonly<Record<string, GroupDescription['state']>> = {
  Stable: 'stable',
  PreparingRebalance: 'rebalancing',
  CompletingRebalance: 'rebalancing',
  Empty: 'empty',
  Dead: 'missing',
}

export async function describeGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  if (groups.length === 0) return []
  const described = await askCluster(kafka, cluster => askCoordinators(cluster, groups))
  return groups.map(group => {
    const found = described.find(({ groupId }) => groupId === group)
    return toDescription(group, found)
  })
}

/**
 * Returns the consumer groups that this client has permission to describe, sorted by name. Groups with other protocol types, such
 * as Kafka Connect workers and share groups, are excluded.
 */
export async function listVisibleGroups(kafka: Kafka): Promise<GroupDescription[]> {
  const described = await askCluster(kafka, async (cluster, brokers) => {
    const answers = brokers.map(async id => {
      const broker = await cluster.findBroker({ nodeId: String(id) })
      const { groups } = await broker.listGroups()
      const own = groups.filter(isConsumer).map(({ groupId }) => groupId)
      return describeVisible(broker, own)
    })
    return (await Promise.all(answers)).flat()
  })
  return described
    .map(found => toDescription(found.groupId, found))
    .sort((a, b) => (a.group < b.group ? -1 : 1))
}

function isConsumer({ protocolType }: { readonly protocolType: string }): boolean {
  return ['', 'consumer', 'streams'].includes(protocolType)
}

/**
 * Describes groups. If the broker refuses one group, the library discards the whole response. In that case, each group is requested
 * separately, and refused groups are omitted.
 */
async function describeVisible(broker: Broker, groupIds: readonly string[]): Promise<DescribedGroup[]> {
  if (groupIds.length === 0) return []
  try {
    return await describeAt(broker, groupIds)
  } catch (error) {
    if (brokersAnswer(error) !== 'GROUP_AUTHORIZATION_FAILED') throw error
    if (groupIds.length === 1) return []
  }
  const found: DescribedGroup[] = []
  for (const some of splitIntoRequests(groupIds, () => 0, { items: GROUPS_AT_ONCE, bytes: 0 }))
    found.push(...(await Promise.all(some.map(groupId => describeVisible(broker, [groupId])))).flat())
  return found
}

/** Describes groups. Each group is described by its coordinator. */
async function askCoordinators(cluster: Cluster, groups: readonly string[]): Promise<DescribedGroup[]> {
  const byCoordinator = new Map<Broker, string[]>()
  for (const some of splitIntoRequests(groups, () => 0, { items: GROUPS_AT_ONCE, bytes: 0 })) {
    const found = await Promise.all(some.map(groupId => cluster.findGroupCoordinator({ groupId })))
    for (const [index, coordinator] of found.entries())
      byCoordinator.set(coordinator, [...(byCoordinator.get(coordinator) ?? []), some[index] as string])
  }
  return (await Promise.all([...byCoordinator].map(([broker, ids]) => describeAt(broker, ids)))).flat()
}

/** Describes groups of a coordinator. It answers `Dead` for groups of newer protocols as well, but lists them. */
async function describeAt(broker: Broker, groupIds: readonly string[]): Promise<DescribedGroup[]> {
  const { groups } = await broker.describeGroups({ groupIds })
  const isDead = ({ state }: DescribedGroup) => STATES[state] === 'missing'
  const listed = new Set(
    groups.some(isDead) ? (await broker.listGroups()).groups.map(({ groupId }) => groupId) : [],
  )
  return groups.map(group =>
    isDead(group) && listed.has(group.groupId) ? { ...group, state: 'Undescribed' } : group,
  )
}

function toDescription(group: string, found: DescribedGroup | undefined): GroupDescription {
  const members = (found?.members ?? []).map(({ memberId, clientId, clientHost, memberAssignment }) => ({
    memberId,
    clientId,
    host: clientHost.replace(/^\//, ''),
    assigned: decodeAssignment(memberAssignment),
  }))
  const state = STATES[found?.state ?? ''] ?? 'unknown'
  return { group, state, members: state === 'unknown' ? null : members }
}

/** Offsets by topic and partition. */
export type Committed = ReadonlyMap<string, ReadonlyMap<number, number>>

/** Number of groups that are requested at a time over one connection. */
const GROUPS_AT_ONCE = 16

/** Resolves to the committed offsets by group. Groups are requested in parts, because a cluster can have thousands of them. */
export async function fetchOffsetsByGroup(
  kafka: Kafka,
  groups: readonly string[],
): Promise<ReadonlyMap<string, Committed>> {
  return askCluster(kafka, async cluster => {
    const found = new Map<string, Committed>()
    const ask = async (groupId: string) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId })
      found.set(groupId, parseCommitted(await coordinator.offsetFetch({ groupId, topics: [] })))
    }
    for (const some of splitIntoRequests(groups, () => 0, { items: GROUPS_AT_ONCE, bytes: 0 }))
      await Promise.all(some.map(ask))
    return found
  })
}

function parseCommitted({ responses }: Awaited<ReturnType<Broker['offsetFetch']>>): Committed {
  return new Map(
    responses.map(({ topic, partitions }) => [
      topic,
      new Map(
        partitions.flatMap(({ partition, offset }) =>
          Number(offset) >= 0 ? [[partition, Number(offset)] as const] : [],
        ),
      ),
    ]),
  )
}

function decodeAssignment(bytes: Buffer): GroupMember['assigned'] {
  if (bytes.length === 0) return {}
  return kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {}
}
