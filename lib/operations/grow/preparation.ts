/** Implements the steps of a growth that can be reverted: the consumers are stopped, and the new states are prepared. */
import type { KeptGrowth, Partitioning, StateKey } from '../../../packages/runtime/pipeline/model.ts'
import { sameVersion } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'
import { consumersDone, keepingEntities } from './checks.ts'
import { type ConsumerPlan, plansOf } from './plan.ts'
import type { GrowthRecords, StagedState, Underway } from './record.ts'
import { StagedStates } from './staged.ts'
import { inTheWay, type Order, refusal, type Watching } from './steps.ts'
import { type GrowingTopic, growthFence } from './topic.ts'

export class Preparation {
  readonly #topic: GrowingTopic
  readonly #order: Order
  readonly #watching: Watching
  readonly #records: GrowthRecords
  readonly #staged: StagedStates

  constructor(topic: GrowingTopic, order: Order, watching: Watching, records: GrowthRecords) {
    this.#topic = topic
    this.#order = order
    this.#watching = watching
    this.#records = records
    this.#staged = new StagedStates(topic)
  }

  /**
   * Stops the consumers and prepares all states. If this fails, all changes are reverted.
   *
   * @throws OperationFailure if a precondition is not met
   */
  async prepare(began: Underway): Promise<Underway> {
    return this.#orTakeBack(began, async () => {
      await this.#fence(began)
      const { name, servers } = this.#topic
      await this.#requireDone(began)
      const keeping = await keepingEntities(this.#topic, began.except, began.from)
      if (keeping.length > 0) throw new OperationFailure(refusal(keeping))
      const bounds = (await servers.bounds.bounds(name)).slice(0, began.from)
      this.#watching.tell(`Searching ${name} for the keys of the entities …`)
      const plans = await plansOf(this.#topic, began, bounds)
      const wrong = inTheWay(plans, this.#order)
      if (wrong.length > 0) throw new OperationFailure(refusal(wrong))
      const staged: Underway = { ...began, phase: 'staged', states: await this.#copy(began, plans) }
      await this.#records.reach(staged)
      this.#watching.reached?.('staged')
      return staged
    })
  }

  /**
   * Checks immediately before partitions are requested that nothing has changed since the states were copied. Afterwards, other
   * runs can no longer revert the growth.
   */
  async announce(staged: Underway): Promise<void> {
    await this.#orTakeBack(staged, async () => {
      await this.requireSame(staged)
      await this.#records.reach({ ...staged, phase: 'creating' })
    })
  }

  /**
   * Repeats the check of `announce` without reverting anything.
   *
   * @throws OperationFailure if something has changed
   */
  async requireSame(staged: Underway): Promise<void> {
    await this.#requireDone(staged)
    await this.#requireAll(staged)
    for (const { consumer, partition, version } of staged.states ?? []) {
      const live = this.#topic.keyOf(consumer, partition)
      const now = await this.#topic.fence(live, growthFence(staged))
      if (!sameVersion(now, version))
        throw new OperationFailure(refusal([`${nameOf(live)} has changed since it was copied.`]))
    }
  }

  /** Reverts the growth. The consumers then continue with unchanged states. */
  async takeBack(underway: Underway): Promise<void> {
    const { generations } = this.#topic
    for (const live of this.#statesOf(underway)) {
      // The states are still fenced, so no other operation is preparing states here.
      await generations.drop(live, { kind: 'growth', attempt: underway.attempt })
      await generations.unfence(live, growthFence(underway))
    }
    await this.#records.end(underway)
  }

  /**
   * Reverts the growth because of a failure. If another run has taken over, nothing is reverted, because that run is responsible.
   * If another run has ended the growth, the fences that this run may have added since are removed.
   *
   * @throws the failure
   */
  async refuse(underway: Underway, failure: OperationFailure): Promise<never> {
    if ((await this.#records.isOwn(underway)) || !(await this.#records.read()).underway)
      await this.takeBack(underway)
    throw failure
  }

  /** Stores the new partition count in states that are not moved. Their consumers use it to recognise misrouted records. */
  async noteFor(
    consumers: readonly string[],
    partitioning: Partitioning,
    growths: readonly KeptGrowth[],
  ): Promise<void> {
    for (const consumer of consumers)
      for (const live of this.#topic.keysOf(consumer, partitioning.partitions))
        await this.#topic.generations.noteGrowth(live, partitioning, growths)
  }

  async #orTakeBack<T>(underway: Underway, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof OperationFailure) await this.refuse(underway, error)
      throw error
    }
  }

  async #requireDone({ consumers, from }: Underway): Promise<void> {
    const { name, servers } = this.#topic
    const bounds = (await servers.bounds.bounds(name)).slice(0, from)
    const wrong = await consumersDone(this.#topic, consumers, bounds)
    if (wrong.length > 0) throw new OperationFailure(refusal(wrong))
  }

  /**
   * Checks that no other states exist. States that Redis has lost can be restored at any time. They would not be moved, and could
   * contain a partition count increase that is not known here.
   */
  async #requireAll({ consumers, except, generation }: Underway): Promise<void> {
    const { growths } = await this.#records.read()
    const others = (await this.#topic.consumers()).filter(name => ![...consumers, ...except].includes(name))
    const wrong = [
      ...others.map(name => `${name} has a state of the topic now, and had none before.`),
      ...(growths.length === generation - 1 ? [] : [`The topic has grown meanwhile.`]),
    ]
    if (wrong.length > 0) throw new OperationFailure(refusal(wrong))
  }

  async #fence(began: Underway): Promise<void> {
    for (const live of this.#statesOf(began)) await this.#topic.fence(live, growthFence(began))
    this.#watching.reached?.('fenced')
  }

  #statesOf({ consumers, to }: Underway): StateKey[] {
    return consumers.flatMap(consumer => this.#topic.keysOf(consumer, to))
  }

  async #copy(began: Underway, plans: readonly ConsumerPlan[]): Promise<StagedState[]> {
    const { from, to, attempt } = began
    const states: StagedState[] = []
    for (const { consumer, growing } of plans)
      for (const live of this.#topic.keysOf(consumer, to)) {
        const version = await this.#topic.fence(live, growthFence(began))
        const { next } = await this.#staged.stage(live, attempt, this.#topic.keysOf(consumer, from), growing)
        states.push({ consumer, partition: live.partition, version, next })
        this.#watching.tell(`Copied ${states.length} of ${plans.length * to} states`)
        this.#watching.reached?.('copied')
      }
    return states
  }
}
