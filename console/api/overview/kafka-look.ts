/** Samples the offsets of topics and consumer groups. */
import type { Signal } from '../../../lib/app/topics.ts'
import { signals } from '../../../lib/app/topics.ts'
import { consumerGroups } from '../../../lib/queries/groups.ts'
import { type ConsumerLag, consumerLags, type ReadTopic } from '../../../lib/queries/lag.ts'
import { boundsIfThere } from '../../../lib/queries/topics.ts'
import { type Bounds, TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import { once } from '../../../packages/runtime/lambda/once.ts'
import type { ConsoleEnvironment } from '../../environment.ts'

export interface KafkaLook {
  readonly lags: readonly (ReadTopic & ConsumerLag)[]
  /** Offsets by signal; undefined for a topic that does not exist. */
  readonly bounds: Readonly<Record<Signal, readonly Bounds[] | undefined>>
  /** Number of members by consumer group, where known. */
  readonly members: ReadonlyMap<string, number>
}

/** Time limits of a sample. They are short, so that an open page shows an outage quickly; the next sample retries. */
const PATIENCE = { leaderMs: 2_000, topicMs: 0 }
/** Interval for listing group members. They change rarely, and listing them requires a separate connection. */
const MEMBERS_EVERY_MS = 10_000

export class KafkaLooks {
  readonly #environment: ConsoleEnvironment
  readonly #offsets: () => Promise<TopicOffsets>
  #members: ReadonlyMap<string, number> = new Map()
  #membersAtMs = Number.NEGATIVE_INFINITY

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#offsets = once(async () =>
      environment.connections.kept(new TopicOffsets(await environment.kafka(), PATIENCE)),
    )
  }

  /** Takes a sample. @throws RefusedByKafka or Unavailable, see `kafkaAnswer` */
  async look(nowMs: number): Promise<KafkaLook> {
    const { consumers } = this.#environment
    const asked = boundsOnce(await this.#offsets())
    const lags = await consumerLags(asked, consumers)
    const bounds = await Promise.all(
      signals().map(
        async signal => [signal, await boundsIfThere(asked, this.#environment.topic(signal))] as const,
      ),
    )
    if (nowMs - this.#membersAtMs >= MEMBERS_EVERY_MS) this.#askForMembers(nowMs)
    return { lags, bounds: Object.fromEntries(bounds) as KafkaLook['bounds'], members: this.#members }
  }

  /** Updates the members in the background, so that a missing permission or a slow coordinator does not delay the other figures. */
  #askForMembers(nowMs: number): void {
    this.#membersAtMs = nowMs
    void this.#membersNow().then(
      members => {
        this.#members = members
      },
      () => {
        // Without an answer, the number of members is shown as unknown.
        this.#members = new Map()
      },
    )
  }

  async #membersNow(): Promise<ReadonlyMap<string, number>> {
    const groups = [...new Set(this.#environment.consumers.map(({ group }) => group))]
    const described = await consumerGroups(await this.#environment.kafka(), groups)
    return new Map(described.map(({ group, members }) => [group, members.length]))
  }
}

/** Returns offsets whose `bounds` requests each topic only once. All callers share the response. */
function boundsOnce(offsets: TopicOffsets): Pick<TopicOffsets, 'bounds' | 'committed'> {
  const known = new Map<string, Promise<Bounds[]>>()
  return {
    bounds(topic) {
      const asked = known.get(topic) ?? offsets.bounds(topic)
      known.set(topic, asked)
      return asked
    },
    committed: (group, topic) => offsets.committed(group, topic),
  }
}
