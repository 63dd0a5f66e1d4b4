import { createCluster } from '@sluice/kafka-records'
import type { Kafka, PartitionAssigner } from 'kafkajs'
import { pause, within } from '../support/wait.ts'
import { isRetriableAnswer } from './cluster-client.ts'

/** Time for which requests about former members are repeated, in milliseconds. A restarted broker must load its groups first. */
const ASK_FORMER_FOR_MS = 15_000
/**
 * Time limit for leaving the group in the regular way, in milliseconds. It allows for a slow request.
 */
const ORDERLY_MS = 500
const ASK_EVERY_MS = 50

type Assigner = ReturnType<PartitionAssigner>

/** Leaves a consumer group in any state of the join, so that no member of this client remains in the group. */
export class GroupExit {
  readonly #kafka: Kafka
  readonly #groupId: string
  readonly #clientId: string
  /** True once this member has sent a join request to a broker. */
  #hasAsked = false
  #isLeaving = false

  /** @param clientId unique id of this client, by which its members of the group are identified */
  constructor(kafka: Kafka, groupId: string, clientId: string) {
    this.#kafka = kafka
    this.#groupId = groupId
    this.#clientId = clientId
  }

  /**
   * Wraps an assigner, which kafkajs calls before each join request. After `leave`, the assigner throws, so that no join request is
   * sent.
   */
  guardAssigner(assigner: Assigner): Assigner {
    return {
      ...assigner,
      protocol: subscription => {
        // Mark the error as not retriable; otherwise kafkajs would retry.
        if (this.#isLeaving) throw Object.assign(new Error('the group is being left'), { retriable: false })
        this.#hasAsked = true
        return assigner.protocol(subscription)
      },
    }
  }

  /**
   * Removes members of this client that could not leave because no broker responded. The next join would otherwise wait for them.
   *
   * @throws the error of kafkajs if no broker can be reached
   */
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
   * @param depart leaves through kafkajs, which can take long
   * @throws the error of kafkajs if no broker responds
   */
  async leave(depart: () => Promise<void>): Promise<void> {
    this.#isLeaving = true
    const departed = depart().catch(() => {})
    // No join request was sent, and none will be.
    if (!this.#hasAsked) return
    let isOver = await within(ORDERLY_MS, departed)
    for (;;) {
      // A join may wait for other members for a long time. Removing the member from the group ends the join immediately.
      const isOut = await removeMembers(this.#kafka, this.#groupId, this.#clientId)
      if (isOver && isOut) return
      isOver = await within(ASK_EVERY_MS, departed)
    }
  }
}

/**
 * Removes every member with this client id, over a separate connection.
 *
 * @returns false if the request must be repeated
 * @throws the error of kafkajs if no broker responds
 */
async function removeMembers(kafka: Kafka, groupId: string, clientId: string): Promise<boolean> {
  // The public interface of kafkajs cannot remove a member from a group.
  const cluster = createCluster(kafka, { allowAutoTopicCreation: false })
  await cluster.connect()
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId })
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] })
    const own = groups.flatMap(({ members }) => members).filter(member => member.clientId === clientId)
    for (const { memberId } of own) await coordinator.leaveGroup({ groupId, memberId })
    return true
  } catch (error) {
    // A member that has meanwhile left the group counts as removed.
    if (isRetriableAnswer(error) || (error as { type?: string }).type === 'UNKNOWN_MEMBER_ID') return false
    throw error
  } finally {
    await cluster.disconnect()
  }
}
