/** Waits for the result of a redrive for a limited time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import { topicName } from '../../app/topics.ts'
import { ROUTER } from '../../failures/route.ts'
import type { ReadTopic } from '../../queries/lag.ts'
import { type Aftermath, AftermathWatch } from './aftermath.ts'
import { isExpected } from './errors.ts'
import type { Work } from './handle.ts'
import type { Tally } from './selection.ts'
import { consumersNow } from './topics.ts'

const LOOK_EVERY_MS = 250
const MAX_WAIT_MS = 30_000

/** Result if the outcomes are unknown, for example because a consumer does not run or Kafka does not answer. */
const UNKNOWN: Aftermath = { failed: 0, isDecided: false, letters: [] }

/** Redrive to wait for, with the environment in which it runs. */
interface Redriving {
  readonly work: Pick<Work, 'config' | 'connections' | 'letters' | 'by'>
  readonly readers: readonly ReadTopic[]
}

export class Afterwards {
  readonly #run: Redriving
  readonly #watch: AftermathWatch
  readonly #failuresTopic: string

  private constructor(run: Redriving, watch: AftermathWatch, failuresTopic: string) {
    this.#run = run
    this.#watch = watch
    this.#failuresTopic = failuresTopic
  }

  /**
   * Starts watching the topics. This must happen before any record is redriven.
   *
   * @throws Unavailable if Kafka does not answer
   */
  static async from(run: Redriving): Promise<Afterwards> {
    const { letters, by, connections, config } = run.work
    const offsets = connections.kept(new TopicOffsets(await connections.kafka()))
    const failuresTopic = topicName('failures', config.env)
    const { log, topic: dlqTopic } = letters
    const watched = { log, offsets, failuresTopic, dlqTopic, by, sinceMs: Date.now() }
    return new Afterwards(run, await AftermathWatch.from(watched), failuresTopic)
  }

  /**
   * Waits for the result of the redrive.
   *
   * @param stop ends the wait early
   */
  async aftermath({ consumers, topics }: Tally, stop: AbortSignal): Promise<Aftermath> {
    try {
      return await this.#outcome(
        Object.keys(consumers.byFrequency()),
        Object.keys(topics.byFrequency()),
        stop,
      )
    } catch (error) {
      if (!isExpected(error)) throw error
      return UNKNOWN
    }
  }

  async #outcome(
    consumers: readonly string[],
    topics: readonly string[],
    stop: AbortSignal,
  ): Promise<Aftermath> {
    const { work, readers } = this.#run
    const all = await consumersNow(
      work.connections,
      readers,
      [...consumers, ROUTER],
      [...topics, this.#failuresTopic],
    )
    const running = all.filter(({ state }) => state === 'stable' || state === 'rebalancing')
    const awaited = readers.filter(one =>
      running.some(({ consumer, topic }) => consumer === one.function && topic === one.topic),
    )
    if (!consumers.every(name => running.some(({ consumer }) => consumer === name))) return UNKNOWN
    const untilMs = performance.now() + MAX_WAIT_MS
    return this.#watch.outcome(awaited, async () => {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {})
      return !stop.aborted && performance.now() < untilMs
    })
  }
}
