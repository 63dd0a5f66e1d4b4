/** Looks at the whole environment: counters of topics and consumers, lags, stalls, and what people should look at. */

import type { OpenTransaction } from '@sluice/kafka-records/requests'
import { type Bounds, TopicOffsets } from '#runtime/operating/kafka'
import { RedisCircuitBreaker } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { once } from '#runtime/waiting'
import type { Config } from '../../../lib/app/config.ts'
import { SIGNALS, type Signal } from '../../../lib/app/topic-table.ts'
import { readBreakerEnd } from '../../../lib/diagnosis/gather-consumers.ts'
import { withTimeout } from '../../../lib/diagnosis/observe.ts'
import { describeKafka, describeRedis } from '../../../lib/diagnosis/server-standards.ts'
import { type StalledFunctions, StallWatch } from '../../../lib/diagnosis/stalls.ts'
import { INTAKE } from '../../../lib/intake/input.ts'
import { readConsumerGroups } from '../../../lib/queries/kafka/consumer-groups.ts'
import { type ReadTopic, readConsumerLags } from '../../../lib/queries/kafka/consumer-lag.ts'
import { answerSoon } from '../../../lib/queries/kafka/kafka-answers.ts'
import { findTopicBounds } from '../../../lib/queries/kafka/topics.ts'
import {
  describeUnended,
  findUnended,
  type ReadAudits,
  readAudits,
} from '../../../lib/queries/records/unended-operations.ts'
import {
  describeUnknownType,
  findUnknownTypes,
  readNewest,
} from '../../../lib/queries/records/unknown-types.ts'
import { type Outcomes, readOutcomes } from '../../../lib/queries/states/outcomes.ts'
import { readFiringAlerts } from '../../../lib/questions/alert-source.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { toProblem } from '../../http/problem.ts'
import {
  countFiring,
  countOpenDeadLetters,
  type FiringCount,
  type OpenDeadLetters,
  readRecentAlerts,
} from './alerts-and-dead-letters.ts'
import { buildCounters, type Lag } from './counters.ts'
import { buildLanes, type Lane } from './flow.ts'

/** State of the environment at one time. */
export interface Overview {
  /** Epoch milliseconds. */
  readonly atMs: number
  /** Reason why each server is unavailable; null for a server that responds. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /** Counters by name, null if unknown; see `buildCounters`. A page derives rates from two answers. */
  readonly counters: Readonly<Record<string, number | null>>
  readonly flow: { readonly inputs: readonly ShownInput[]; readonly lanes: readonly Lane[] }
  readonly consumers: readonly ShownConsumer[]
  readonly standing: readonly StalledFunctions[]
  /** Types of readings that no family has, and operations that have begun and not ended: what was found, and what to do. */
  readonly notices: readonly (readonly [about: string, says: string, todo: string])[]
  /** Firing alerts, the most urgent first. */
  readonly firing: readonly FiringCount[] | null
  /** Alerts that changed last, the newest change first; null if they could not be read. */
  readonly lastAlerts: readonly AlertSummary[] | null
  /** Number of dead letters that have not been handled. */
  readonly openDeadLetters: number | null
}

/** Facts of one look at the servers. They are undefined, or null, if their server did not answer. */
export interface Look
  extends Pick<Overview, 'atMs' | 'servers' | 'standing' | 'notices' | 'firing' | 'lastAlerts'> {
  readonly lags: readonly Lag[] | undefined
  /** Offsets by signal; undefined for a topic that does not exist. */
  readonly bounds: ReadonlyMap<Signal, readonly Bounds[] | undefined> | undefined
  /** Outcomes by `FUNCTION/TOPIC`; without functions that count none. */
  readonly outcomes: ReadonlyMap<string, Outcomes> | undefined
  /** Dead letters that have not been handled; null until the whole topic has been read. */
  readonly letters: OpenDeadLetters | null | undefined
}

/** Topic to which others write: readings, or an input. */
interface ShownInput {
  readonly name: string
  readonly topic: string
  /** Function that brings the records of an input to the topics of Sluice. */
  readonly reader?: string
  /** Name of the counter of its records, or of the readings. */
  readonly counter: string
}

export interface ShownConsumer extends ReadTopic {
  /** Number of pending records; null if unknown. */
  readonly lag: number | null
}

interface KafkaState {
  readonly lags: readonly Lag[]
  /** Offsets by signal; undefined for a topic that does not exist. */
  readonly bounds: ReadonlyMap<Signal, readonly Bounds[] | undefined>
  /** Number of members by consumer group, where known. */
  readonly members: ReadonlyMap<string, number>
}

interface RedisState {
  /** Outcomes by `FUNCTION/TOPIC`; without functions that count none. */
  readonly outcomes: ReadonlyMap<string, Outcomes>
  /** Alerts in the view of firing alerts. */
  readonly firing: readonly AlertSummary[]
  /** Functions whose circuit breaker is open. */
  readonly broken: readonly string[]
}

/** Maximum number of alerts that changed last. */
const LAST_ALERTS = 8
/** Time between two looks, in milliseconds: that of Prometheus, usually. An open page looks more often. */
const EVERY_MS = 15_000
/** Time after which a server that has not responded counts as unavailable, in milliseconds. */
const ANSWERS_WITHIN_MS = 8_000
/** Time limits of requests to Kafka. They are short, so that a page shows an outage quickly; the next look tries again. */
const PATIENCE = { leaderMs: 2_000, topicMs: 0 }
/** Time for which open transactions are reused. */
const TRANSACTIONS_FOR_MS = 15_000
/** Time for which the types of the newest readings, and the audit events, are reused. */
const NOTICES_FOR_MS = 30_000
/** Time after which an operation without an end is shown. Most end sooner, and the audit events are read again meanwhile. */
const UNENDED_AFTER_MS = 60_000
/** Time for which members of groups are reused. They change rarely, and listing them requires a separate connection. */
const MEMBERS_FOR_MS = 10_000

export class OverviewReader {
  readonly #environment: ConsoleEnvironment
  readonly #offsets: () => Promise<TopicOffsets>
  readonly #members = new Cache<ReadonlyMap<string, number>>({ forMs: MEMBERS_FOR_MS })
  readonly #transactions = new Cache<readonly OpenTransaction[]>({ forMs: TRANSACTIONS_FOR_MS })
  readonly #types = new Cache<Overview['notices']>({ forMs: NOTICES_FOR_MS })
  readonly #audits = new Cache<ReadAudits>({ forMs: NOTICES_FOR_MS })
  readonly #standing = new StallWatch(EVERY_MS)

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#offsets = once(async () =>
      environment.connections.register(new TopicOffsets(await environment.kafka(), PATIENCE)),
    )
  }

  /** Returns what the page shows. */
  async read(): Promise<Overview> {
    const { lags, outcomes, bounds, letters, ...same } = await this.look()
    const findLag = ({ function: name, topic }: ReadTopic) =>
      lags?.find(lag => lag.function === name && lag.topic === topic)?.pending ?? null
    return {
      ...same,
      counters: buildCounters({
        lags: lags ?? [],
        outcomes,
        written: new Map(SIGNALS.map(signal => [this.#environment.topic(signal), bounds?.get(signal)])),
        getTopic: signal => this.#environment.topic(signal),
      }),
      flow: this.#buildFlow(),
      consumers: this.#environment.consumers.map(consumer => ({ ...consumer, lag: findLag(consumer) })),
      openDeadLetters: letters?.count ?? null,
    }
  }

  /** Looks at the servers. */
  async look(): Promise<Look> {
    const atMs = Date.now()
    const { config, functions } = this.#environment
    const kafka = await awaitAnswer('kafka', config, this.#readKafka())
    const { bounds, lags, members } = kafka.value ?? {}
    const [redis, alerts, letters, types, unended, transactions] = await Promise.all([
      awaitAnswer('redis', config, this.#readRedis(atMs, lags ?? [])),
      awaitAnswer(
        'kafka',
        config,
        bounds?.get('alerts') ? readRecentAlerts(this.#environment) : Promise.resolve(bounds ? [] : null),
      ),
      awaitAnswer(
        'kafka',
        config,
        bounds?.get('dlq') ? countOpenDeadLetters(this.#environment) : Promise.resolve(null),
      ),
      awaitAnswer('kafka', config, this.#findUnknownTypes(bounds?.get('readings'))),
      bounds?.get('events') ? this.#findUnended(atMs) : [],
      kafka.value ? this.#findTransactions() : [],
    ])
    const servers = { kafka: kafka.problem, redis: redis.problem }
    const getBatchingWindow = (name: string) =>
      functions.find(entry => entry.name === name)?.reading.maximumBatchingWindow ?? 0
    const observation = {
      servers,
      lags: lags?.map(lag => ({ ...lag, windowMs: getBatchingWindow(lag.function) * 1_000 })),
      members: members ?? new Map<string, number>(),
      broken: redis.value?.broken,
      transactions,
    }
    return {
      atMs,
      servers,
      lags,
      bounds,
      outcomes: redis.value?.outcomes,
      standing: this.#standing.next(observation, atMs),
      notices: [...(types.value ?? []), ...unended],
      firing: redis.value ? countFiring(redis.value.firing, alerts.value ?? []) : null,
      lastAlerts: alerts.value?.slice(0, LAST_ALERTS) ?? null,
      letters: letters.value,
    }
  }

  async #findUnknownTypes(bounds: readonly Bounds[] = []): Promise<Overview['notices']> {
    const { families } = this.#environment.config
    const topic = this.#environment.topic('readings')
    return this.#types.get('types', async () => {
      const records = await readNewest(await this.#environment.log(), topic, bounds)
      return findUnknownTypes(families, topic, records).map(of => ['readings', ...describeUnknownType(of)])
    })
  }

  /** Returns operations that have not ended. */
  async #findUnended(nowMs: number): Promise<Overview['notices']> {
    const topic = this.#environment.topic('events')
    const read = (last?: ReadAudits) => readAudits(this.#environment.connections, topic, nowMs, last)
    const { audits } = await readSoon(this.#audits.get('audits', read), { audits: [], ends: [] })
    return findUnended(audits)
      .filter(({ startedAt }) => nowMs - Date.parse(startedAt) > UNENDED_AFTER_MS)
      .map(one => ['operations', ...describeUnended(one)])
  }

  /** Returns the open transactions of the topics that consumers read. */
  #findTransactions(): Promise<readonly OpenTransaction[]> {
    const topics = [...new Set(this.#environment.consumers.map(({ topic }) => topic))]
    const read = async () => (await this.#environment.cluster()).openTransactions(topics)
    return readSoon(this.#transactions.get('transactions', read), [])
  }

  async #readKafka(): Promise<KafkaState> {
    const sharedOffsets = shareBounds(await this.#offsets())
    const readBounds = async (signal: Signal) =>
      [signal, await findTopicBounds(sharedOffsets, this.#environment.topic(signal))] as const
    const [lags, bounds, members] = await Promise.all([
      readConsumerLags(sharedOffsets, this.#environment.consumers),
      Promise.all(SIGNALS.map(readBounds)),
      // Without an answer, such as without the permission, members are unknown, and the rest is shown.
      this.#members
        .get('members', () => countMembers(this.#environment))
        .catch(() => new Map<string, number>()),
    ])
    return { lags, bounds: new Map(bounds), members }
  }

  async #readRedis(nowMs: number, lags: readonly Lag[]): Promise<RedisState> {
    const inspection = await this.#environment.inspection()
    const readLag = async (lag: Lag) =>
      [`${lag.function}/${lag.topic}`, await readOutcomes(inspection, this.#listLagKeys(lag))] as const
    const [outcomes, firing, broken] = await Promise.all([
      Promise.all(lags.map(readLag)),
      readFiringAlerts(this.#environment),
      this.#listOpenBreakers(nowMs),
    ])
    const counting = outcomes.filter(([, { reasons }]) => Object.keys(reasons).length > 0)
    return { outcomes: new Map(counting), firing, broken }
  }

  /** Returns the partition states of a function. All functions that read inputs are the consumer `intake`. */
  #listLagKeys({ function: name, topic, partitions }: Lag): readonly StateKey[] {
    const consumer = this.#environment.findSignal(topic) ? name : INTAKE
    return partitions.map(({ partition }) => ({ consumer, topic, partition }))
  }

  async #listOpenBreakers(nowMs: number): Promise<string[]> {
    const breaker = new RedisCircuitBreaker(
      await this.#environment.connections.redis(),
      this.#environment.config.env,
    )
    const names = [...new Set(this.#environment.consumers.map(consumer => consumer.function))]
    const open = await Promise.all(
      names.map(async name => {
        const endMs = await readBreakerEnd(breaker, name)
        return endMs !== undefined && nowMs < endMs ? [name] : []
      }),
    )
    return open.flat()
  }

  #buildFlow(): Overview['flow'] {
    const { consumers, functions } = this.#environment
    const isOwn = ({ topic }: ReadTopic) => this.#environment.findSignal(topic) !== undefined
    const getTopic = (signal: Signal) => this.#environment.topic(signal)
    const foreign = consumers.filter(consumer => !isOwn(consumer))
    return {
      inputs: [
        ...foreign.map(({ topic, function: reader }) => {
          return { name: topic, topic, reader, counter: `read/${reader}/${topic}` }
        }),
        { name: 'readings', topic: getTopic('readings'), counter: 'readings' },
      ],
      lanes: buildLanes(functions, consumers.filter(isOwn), getTopic),
    }
  }
}

/** Returns a fact without which the rest is shown: one that is not read soon, or cannot be read, is left to later looks. */
function readSoon<T>(read: Promise<T>, otherwise: T): Promise<T> {
  return answerSoon(
    read.catch(() => undefined),
    otherwise,
  )
}

async function countMembers(environment: ConsoleEnvironment): Promise<ReadonlyMap<string, number>> {
  const groups = [...new Set(environment.consumers.map(({ group }) => group))]
  const descriptions = await readConsumerGroups(await environment.kafka(), groups)
  return new Map(descriptions.flatMap(({ group, members }) => (members ? [[group, members.length]] : [])))
}

/** Returns offsets whose `bounds` requests each topic only once. All callers share the response. */
function shareBounds(offsets: TopicOffsets): Pick<TopicOffsets, 'bounds' | 'fetchCommitted'> {
  const boundsByTopic = new Cache<Bounds[]>({ forMs: Number.POSITIVE_INFINITY })
  return {
    bounds: topic => boundsByTopic.get(topic, () => offsets.bounds(topic)),
    fetchCommitted: (group, topic) => offsets.fetchCommitted(group, topic),
  }
}

/** A value, or the reason why it is missing. */
type ServerAnswer<T> =
  | { readonly value: T; readonly problem: null }
  | { readonly value: undefined; readonly problem: string }

const PLACES = { kafka: describeKafka, redis: describeRedis }

/** Waits for the response of a server, and converts an outage to a reason. @throws unexpected errors */
async function awaitAnswer<T>(
  server: keyof typeof PLACES,
  config: Config,
  answer: Promise<T>,
): Promise<ServerAnswer<T>> {
  const { address } = PLACES[server](config)
  try {
    return { value: await withTimeout(answer, server, ANSWERS_WITHIN_MS, address), problem: null }
  } catch (error) {
    const { code, message } = toProblem(error)
    if (code === 'fault') throw error
    return { value: undefined, problem: message }
  }
}
