import { createCluster } from '@sluice/kafka-records'
import type { Kafka, PartitionAssigner } from 'kafkajs'
import { pause, within } from '../support/wait.ts'
import { isRetriableAnswer } from './cluster.ts'

/** A broker that was restarted loads its groups first. */
const ASK_FORMER_FOR_MS = 15_000
/** An orderly departure takes the rest of a fetch (200 ms) and one request. */
const ORDERLY_MS = 500
const ASK_EVERY_MS = 50

type Assigner = ReturnType<PartitionAssigner>

/** Leaves a consumer group without leaving a member behind, in every state of the join. */
export class GroupExit {
  readonly #kafka: Kafka
  readonly #groupId: string
  readonly #clientId: string
  /** Whether a broker was ever asked to admit this member. */
  #hasAsked = false
  #isLeaving = false

  /** @param clientId unique to this client, so that it identifies the trigger's own members of the group */
  constructor(kafka: Kafka, groupId: string, clientId: string) {
    this.#kafka = kafka
    this.#groupId = groupId
    this.#clientId = clientId
  }

  /** Wraps an assigner, which kafkajs calls before each request to join. After `leave` was called it throws, so no join is sent. */
  guarded(assigner: Assigner): Assigner {
    return {
      ...assigner,
      protocol: subscription => {
        // Marked as not retriable; otherwise kafkajs would keep trying.
        if (this.#isLeaving) throw Object.assign(new Error('the group is being left'), { retriable: false })
        this.#hasAsked = true
        return assigner.protocol(subscription)
      },
    }
  }

  /** Removes members that this client left behind while no broker answered: a join would wait for them. @throws if none can be reached */
  async removeFormer(): Promise<void> {
    const untilMs = performance.now() + ASK_FORMER_FOR_MS
    while (this.#hasAsked && !this.#isLeaving && performance.now() < untilMs) {
      if (await removeMembers(this.#kafka, this.#groupId, this.#clientId)) return
      await pause(ASK_EVERY_MS)
    }
  }

  /**
   * Resolves when the group has no member of this client.
   *
   * @param depart as kafkajs does, which can take long
   * @throws if no broker answers
   */
  async leave(depart: () => Promise<void>): Promise<void> {
    this.#isLeaving = true
    const departed = depart().catch(() => {})
    // No broker was asked to join, and none will be.
    if (!this.#hasAsked) return
    let isOver = await within(ORDERLY_MS, departed)
    for (;;) {
      // A join may wait for other members for as long as they take. Removing the member from the group ends it at once.
      const isOut = await removeMembers(this.#kafka, this.#groupId, this.#clientId)
      if (isOver && isOut) return
      isOver = await within(ASK_EVERY_MS, departed)
    }
  }
}

/**
 * Removes every member with this client id, over a connection of its own.
 *
 * @returns false to ask again
 * @throws if no broker answers
 */
async function removeMembers(kafka: Kafka, groupId: string, clientId: string): Promise<boolean> {
  // The public interface of kafkajs cannot take a member out of a group.
  const cluster = createCluster(kafka, { allowAutoTopicCreation: false })
  await cluster.connect()
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] })
    const own = groups.flatMap(({ members }) => members).filter(member => member.clientId === clientId)
    for (const { memberId } of own) await coordinator.leaveGroup({ groupId, memberId })
    return true
  } catch (error) {
    // A member that left meanwhile counts as removed.
    if (isRetriableAnswer(error) || (error as { type?: string }).type === 'UNKNOWN_MEMBER_ID') return false
    throw error
  } finally {
    await cluster.disconnect()
  }
}
