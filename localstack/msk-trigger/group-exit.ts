import type { Kafka, PartitionAssigner } from 'kafkajs'
import { isRetriableAnswer } from './retriable-answer.ts'
import { within } from './wait.ts'

/** An orderly departure takes the rest of a fetch (200 ms) and one request. */
const ORDERLY_MS = 500
const ASK_EVERY_MS = 50

type Assigner = ReturnType<PartitionAssigner>

/**
 * The way out of a group that leaves no member behind, in whatever state the join is: not begun, under way, waiting for its
 * next attempt, or complete.
 */
export class GroupExit {
  readonly #kafka: Kafka
  readonly #groupId: string
  readonly #clientId: string
  /** Whether a broker was ever asked to let us in. */
  #hasAsked = false
  #isLeaving = false

  /** @param clientId not shared with other clients, so that it tells which members of the group are ours, whatever became of their consumers */
  constructor(kafka: Kafka, groupId: string, clientId: string) {
    this.#kafka = kafka
    this.#groupId = groupId
    this.#clientId = clientId
  }

  /** kafkajs asks its assigner immediately before each request to join: from `leave` on, this one refuses. */
  guarded(assigner: Assigner): Assigner {
    return {
      ...assigner,
      protocol: subscription => {
        // Not retriable, or kafkajs would go on trying.
        if (this.#isLeaving) throw Object.assign(new Error('the group is being left'), { retriable: false })
        this.#hasAsked = true
        return assigner.protocol(subscription)
      },
    }
  }

  /**
   * Resolves when the group has no member of ours.
   *
   * @param depart leaves as kafkajs does, which can wait long for a join that is under way
   * @throws where no broker can be reached
   */
  async leave(depart: () => Promise<void>): Promise<void> {
    this.#isLeaving = true
    const departed = depart().catch(() => {})
    // No broker was asked, and none will be.
    if (!this.#hasAsked) return
    let isOver = await within(ORDERLY_MS, departed)
    for (;;) {
      // A join waits for other members as long as these like. Taken out of the group, it is answered at once.
      const isOut = await removeMembers(this.#kafka, this.#groupId, this.#clientId)
      if (isOver && isOut) return
      isOver = await within(ASK_EVERY_MS, departed)
    }
  }
}

/** kafkajs's own connection to a cluster: its public interface cannot take a member out of a group. */
interface InternalCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  findGroupCoordinator(request: { groupId: string }): Promise<Coordinator>
}

interface Coordinator {
  describeGroups(request: { groupIds: readonly string[] }): Promise<{
    groups: readonly { members: readonly { memberId: string; clientId: string }[] }[]
  }>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
}

/**
 * Takes every member out of the group that joined it with this client id, also one whose request to join is not
 * answered yet. Over a connection of its own: a broker reads nothing more from a connection while a join is under way on it.
 *
 * @returns false when the coordinator could not tell, and may be asked again
 * @throws where no broker can be reached
 */
async function removeMembers(kafka: Kafka, groupId: string, clientId: string): Promise<boolean> {
  const cluster = internalCluster(kafka)
  await cluster.connect()
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] })
    const own = groups.flatMap(({ members }) => members).filter(member => member.clientId === clientId)
    for (const { memberId } of own) await coordinator.leaveGroup({ groupId, memberId })
    return true
  } catch (error) {
    // A member that left meanwhile is as good as one that was taken out.
    if (isRetriableAnswer(error) || (error as { type?: string }).type === 'UNKNOWN_MEMBER_ID') return false
    throw error
  } finally {
    await cluster.disconnect()
  }
}

/** kafkajs keeps what it makes clusters with behind a symbol of its own. */
function internalCluster(kafka: Kafka): InternalCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[symbol]
  if (!create)
    throw new Error('this version of kafkajs has no way to leave a group for another member: use 2.2.4')
  return create({ allowAutoTopicCreation: false })
}
