import type { AskedBroker, AskingCluster, DescribedGroup } from '@sluice/kafka-records/asking'
import kafkajs, { type Kafka } from 'kafkajs'
import { askCluster } from './ask-cluster.ts'
import { requestsOf } from './requests.ts'

/** A consumer group as its coordinator sees it. */
export interface GroupDescription {
  readonly group: string
  /** `empty`: it has no members, but offsets. `missing`: Kafka has no such group. */
  readonly state: 'stable' | 'rebalancing' | 'empty' | 'missing' | 'unknown'
  readonly members: readonly GroupMember[]
}

interface GroupMember {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
  /** By topic: the partitions that it reads. Nothing while the group rebalances. */
  readonly assigned: Readonly<Record<string, readonly number[]>>
}

/** Kafka's names of a group's states. */
const STATES: Readonly<Record<string, GroupDescription['state']>> = {
  Stable: 'stable',
  PreparingRebalance: 'rebalancing',
  CompletingRebalance: 'rebalancing',
  Empty: 'empty',
  Dead: 'missing',
}

/** Describes consumer groups, in the order in which they are named. */
export async function describeGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupDescription[]> {
  // Nothing has to be asked about no group.
  if (groups.length === 0) return []
  const described = await askCluster(kafka, cluster => describedBy(cluster, groups))
  return groups.map(group => {
    const found = described.find(({ groupId }) => groupId === group)
    const members = (found?.members ?? []).map(({ memberId, clientId, clientHost, memberAssignment }) => ({
      memberId,
      clientId,
      host: clientHost.replace(/^\//, ''),
      assigned: assignedIn(memberAssignment),
    }))
    return { group, state: STATES[found?.state ?? 'Dead'] ?? 'unknown', members }
  })
}

/** Each coordinator describes its own groups. */
async function describedBy(cluster: AskingCluster, groups: readonly string[]): Promise<DescribedGroup[]> {
  const byCoordinator = new Map<AskedBroker, string[]>()
  for (const some of requestsOf(groups, () => 0, { items: GROUPS_AT_ONCE, bytes: 0 })) {
    const found = await Promise.all(some.map(groupId => cluster.findGroupCoordinator({ groupId })))
    for (const [index, coordinator] of found.entries())
      byCoordinator.set(coordinator, [...(byCoordinator.get(coordinator) ?? []), some[index] as string])
  }
  const answers = [...byCoordinator].map(([broker, groupIds]) => broker.describeGroups({ groupIds }))
  return (await Promise.all(answers)).flatMap(answer => answer.groups)
}

/** The names of the consumer groups of the cluster, sorted; other users of the group protocol are left out. */
export async function groupNames(kafka: Kafka): Promise<string[]> {
  const groups = await askCluster(kafka, async (cluster, brokers) => {
    const answers = brokers.map(async id => (await cluster.findBroker({ nodeId: String(id) })).listGroups())
    return (await Promise.all(answers)).flatMap(answer => answer.groups)
  })
  const consumers = groups.filter(({ protocolType }) => protocolType === '' || protocolType === 'consumer')
  return consumers.map(({ groupId }) => groupId).sort()
}

/** By topic and partition. */
export type Committed = ReadonlyMap<string, ReadonlyMap<number, number>>

/** By topic: the offset that a group has committed for each partition; nothing where it has committed none. */
export async function committedOffsets(kafka: Kafka, group: string): Promise<Committed> {
  return (await committedOffsetsOf(kafka, [group])).get(group) ?? new Map()
}

/** How many groups are asked about at a time, over one connection. */
const GROUPS_AT_ONCE = 16

/** By group, then by topic: what each has committed. A cluster can have thousands of groups. */
export async function committedOffsetsOf(
  kafka: Kafka,
  groups: readonly string[],
): Promise<ReadonlyMap<string, Committed>> {
  return askCluster(kafka, async cluster => {
    const found = new Map<string, Committed>()
    const ask = async (groupId: string) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId })
      found.set(groupId, committedIn(await coordinator.offsetFetch({ groupId, topics: [] })))
    }
    for (const some of requestsOf(groups, () => 0, { items: GROUPS_AT_ONCE, bytes: 0 }))
      await Promise.all(some.map(ask))
    return found
  })
}

function committedIn({ responses }: Awaited<ReturnType<AskedBroker['offsetFetch']>>): Committed {
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

function assignedIn(bytes: Buffer): GroupMember['assigned'] {
  if (bytes.length === 0) return {}
  return kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {}
}
