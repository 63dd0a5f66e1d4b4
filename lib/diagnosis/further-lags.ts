/** Reads how far the groups of inputs have read the further cluster. */
import { TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { KafkaClients } from '#runtime/lambda/kafka-clients.ts'
import { type ConsumerLag, type ReadTopic, readConsumerLags } from '../queries/kafka/consumer-lag.ts'
import type { Observed } from './finding.ts'
import { observe, withTimeout } from './observe.ts'

/** Time limit for an answer, in milliseconds. It is short, because what is known of Sluice's own cluster waits for it. */
const ANSWERS_WITHIN_MS = 3_000
const PATIENCE = { leaderMs: 2_000, topicMs: 0 }

export class FurtherLags<Consumer extends ReadTopic> {
  readonly #open: (topic: string) => Pick<KafkaClients, 'kafka'>
  #offsets: TopicOffsets | undefined
  #asking: Promise<(Consumer & ConsumerLag)[]> | undefined

  /** @param open returns the client of the cluster that has a topic */
  constructor(open: (topic: string) => Pick<KafkaClients, 'kafka'>) {
    this.#open = open
  }

  /** Returns the lag of consumers of inputs in the further cluster. A request without an answer is not repeated until it fails. */
  read(consumers: readonly Consumer[]): Promise<Observed<readonly (Consumer & ConsumerLag)[]>> {
    return observe(() => {
      this.#asking ??= this.#ask(consumers).finally(() => {
        this.#asking = undefined
      })
      return withTimeout(this.#asking, 'kafka', ANSWERS_WITHIN_MS)
    })
  }

  async #ask(consumers: readonly Consumer[]): Promise<(Consumer & ConsumerLag)[]> {
    const [first] = consumers
    if (first === undefined) return []
    this.#offsets ??= new TopicOffsets(await this.#open(first.topic).kafka(), PATIENCE)
    return readConsumerLags(this.#offsets, consumers)
  }

  async close(): Promise<void> {
    await this.#offsets?.close()
  }
}
