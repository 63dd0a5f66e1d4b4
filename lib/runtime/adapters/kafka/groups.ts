import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { askAdmin } from './ask-admin.ts'

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
  // The library does not answer a question about an empty list of groups.
  if (groups.length === 0) return []
  const described = await askAdmin(kafka, admin => admin.describeGroups([...groups]))
  return groups.map(group => {
    const found = described.groups.find(({ groupId }) => groupId === group)
    const members = (found?.members ?? []).map(({ memberId, clientId, clientHost, memberAssignment }) => ({
      memberId,
      clientId,
      host: clientHost.replace(/^\//, ''),
      assigned: assignedIn(memberAssignment),
    }))
    return { group, state: STATES[found?.state ?? 'Dead'] ?? 'unknown', members }
  })
}

/** The names of the consumer groups of the cluster, sorted; other users of the group protocol are left out. */
export async function groupNames(kafka: Kafka): Promise<string[]> {
  const { groups } = await askAdmin(kafka, admin => admin.listGroups())
  const consumers = groups.filter(({ protocolType }) => protocolType === '' || protocolType === 'consumer')
  return consumers.map(({ groupId }) => groupId).sort()
}

/** By topic and partition. */
export type Committed = ReadonlyMap<string, ReadonlyMap<number, number>>

/** By topic: the offset that a group has committed for each partition; nothing where it has committed none. */
export async function committedOffsets(kafka: Kafka, group: string): Promise<Committed> {
  return committedIn(await askAdmin(kafka, admin => admin.fetchOffsets({ groupId: group })))
}

/** How many groups are asked about at a time, over one connection. */
const GROUPS_AT_ONCE = 16

/**
 * By group, then by topic: what each has committed. A cluster can have thousands of groups.
 *
 * @param topic only of this one; by default, of all that they have read
 */
export async function committedOffsetsOf(
  kafka: Kafka,
  groups: readonly string[],
  topic?: string,
): Promise<ReadonlyMap<string, Committed>> {
  return askAdmin(kafka, async admin => {
    const found = new Map<string, Committed>()
    for (let at = 0; at < groups.length; at += GROUPS_AT_ONCE)
      await Promise.all(
        groups.slice(at, at + GROUPS_AT_ONCE).map(async groupId => {
          const only = topic === undefined ? {} : { topics: [topic] }
          found.set(groupId, committedIn(await admin.fetchOffsets({ groupId, ...only })))
        }),
      )
    return found
  })
}

function committedIn(answer: Awaited<ReturnType<Admin['fetchOffsets']>>): Committed {
  return new Map(
    answer.map(({ topic, partitions }) => [
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
