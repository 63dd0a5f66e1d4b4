/** Looks at the whole environment: counters of topics and consumers, lags, stalls, and what people should look at. */

import type { OpenTransaction } from '@sluice/kafka-records/requests'
import type { Bounds } from '#runtime/operating/kafka'
import { RedisCircuitBreaker } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { readBreakerEnd } from '../../../control/diagnosis/gather-consumers.ts'
import { withTimeout } from '../../../control/diagnosis/observe.ts'
import { describeKafka, describeRedis } from '../../../control/diagnosis/server-standards.ts'
import { type StalledFunctions, type StallFacts, StallWatch } from '../../../control/diagnosis/stalls.ts'
import type { WaitingRecords } from '../../../control/diagnosis/waiting.ts'
import type { Config } from '../../../control/environment/config.ts'
import type { ReadTopic } from '../../../control/environment/functions.ts'
import { readConsumerGroups } from '../../../control/queries/kafka/consumer-groups.ts'
import {
  describeUnended,
  findUnended,
  type ReadAudits,
  readAudits,
} from '../../../control/queries/records/unended-operations.ts'
import {
  describeUnknownType,
  findUnknownTypes,
  readNewest,
} from '../../../control/queries/records/unknown-types.ts'
import { type Outcomes, readOutcomes } from '../../../control/queries/states/outcomes.ts'
import { readFiringAlerts } from '../../../control/questions/alert-source.ts'
import type { Lag, Lags } from '../../../control/questions/lag-reader.ts'
import { describeNotInForce, readNotInForce } from '../../../control/questions/not-in-force.ts'
import type { AlertSummary } from '../../../control/tables/alert-summary.ts'
import { SIGNALS, type Signal } from '../../../lib/app/naming/topic-table.ts'
import { INTAKE } from '../../../lib/intake/input.ts'
import { answerSoon } from '../../../lib/log/kafka-answers.ts'
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
import { buildCounters } from './counters.ts'
import { buildLanes, type Lane } from './flow.ts'
import { combineKnown, FactReader, type Known, type ServerAnswer } from './known.ts'

/** State of the environment at one time. */
export interface Overview {
  /** Epoch milliseconds. */
  readonly atMs: number
  /** Reason why each server is unavailable; null for a server that responds, or was not asked long enough. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /** Counters by name, null if unknown; see `buildCounters`. A page derives rates from two answers. */
  readonly counters: Known<Readonly<Record<string, number | null>>>
  readonly flow: { readonly inputs: readonly ShownInput[]; readonly lanes: readonly Lane[] }
  /** All consumers, with the last known lags. */
  readonly consumers: Known<readonly ShownConsumer[]>
  readonly standing: readonly StalledFunctions[]
  /**
   * Saved things that are not in force, types of readings that no family has, and operations that have begun and not ended: what was
   * found, and what to do.
   */
  readonly notices: readonly (readonly [about: string, says: string, todo: string])[]
  /** Firing alerts, the most urgent first. */
  readonly firing: Known<readonly FiringCount[]>
  /** Alerts that changed last, the newest change first. */
  readonly lastAlerts: Known<readonly AlertSummary[]>
  /** Number of dead letters that have not been handled. */
  readonly openDeadLetters: Known<number>
}

/** Facts of one look at the servers. */
export interface Look
  extends Pick<Overview, 'atMs' | 'servers' | 'standing' | 'notices' | 'firing' | 'lastAlerts'> {
  readonly lags: Known<Lags>
  /** Outcomes by `FUNCTION/TOPIC`; without functions that count none. */
  readonly outcomes: Known<ReadonlyMap<string, Outcomes>>
  /** Dead letters that have not been handled. */
  readonly letters: Known<OpenDeadLetters>
  /** Number of members by consumer group, where known. */
  readonly members: ReadonlyMap<string, number>
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

export interface ShownConsumer extends WaitingRecords {
  /** Number of pending records; null if it was never read. */
  readonly lag: number | null
  /** Number of members of its consumer group; null if unknown. */
  readonly members: number | null
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
/** Time for which a page waits for each fact, in milliseconds. It shows what is there, and asks again for the rest. */
const SOON_MS = 300
/** Time for which open transactions are reused. */
const TRANSACTIONS_FOR_MS = 15_000
/** Time for which the types of the newest readings, and the audit events, are reused. */
const NOTICES_FOR_MS = 30_000
/** Time after which a saved thing that is not in force is shown, and for which the list is reused. Most are in force at once. */
const SAVED_FOR_MS = 5_000
/** Time after which an operation without an end is shown. Most end sooner, and the audit events are read again meanwhile. */
const UNENDED_AFTER_MS = 60_000
/** Time for which members of groups are reused. They change rarely, and listing them requires a separate connection. */
const MEMBERS_FOR_MS = 10_000

/** Dead letters of an environment whose topic does not exist yet. */
const NO_LETTERS: OpenDeadLetters = { count: 0, oldestMs: undefined }

export class OverviewReader {
  readonly #environment: ConsoleEnvironment
  readonly #members = new Cache<ReadonlyMap<string, number>>({ forMs: MEMBERS_FOR_MS })
  readonly #transactions = new Cache<readonly OpenTransaction[]>({ forMs: TRANSACTIONS_FOR_MS })
  readonly #types = new Cache<Overview['notices']>({ forMs: NOTICES_FOR_MS })
  readonly #saved = new Cache<Overview['notices']>({ forMs: SAVED_FOR_MS })
  readonly #audits = new Cache<ReadAudits>({ forMs: NOTICES_FOR_MS })
  readonly #lags = new FactReader<Lags>()
  readonly #redis = new FactReader<RedisState>()
  readonly #alerts = new FactReader<readonly AlertSummary[]>()
  readonly #letters = new FactReader<OpenDeadLetters>()
  readonly #watch = new StallWatch(EVERY_MS)
  #standing: readonly StalledFunctions[] = []
  /** Last known notices of saved things. */
  #lastSaved: Overview['notices'] = []
  /** Time of the lags that were watched last. */
  #watchedMs: number | null = null

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /** Returns what the page shows. */
  async read(): Promise<Overview> {
    const { lags, outcomes, letters, members, ...same } = await this.look(SOON_MS)
    const topic = (signal: Signal) => this.#environment.topic(signal)
    return {
      ...same,
      counters: combineKnown(lags, outcomes, ({ lags, bounds }, outcomes) =>
        buildCounters({
          lags,
          outcomes,
          written: new Map(SIGNALS.map(signal => [topic(signal), bounds.get(signal)])),
          getTopic: topic,
        }),
      ),
      flow: this.#buildFlow(),
      consumers: { ...lags, value: this.#listConsumers(lags.value?.lags ?? [], members) },
      openDeadLetters: { ...letters, value: letters.value?.count ?? null },
    }
  }

  #listConsumers(lags: readonly Lag[], members: Look['members']): readonly ShownConsumer[] {
    return this.#environment.consumers.map(consumer => {
      const { pending = 0, waitingMs = null } =
        lags.find(lag => lag.function === consumer.function && lag.topic === consumer.topic) ?? {}
      return {
        ...consumer,
        pending,
        waitingMs,
        lag: lags.length === 0 ? null : pending,
        members: members.get(consumer.group) ?? null,
      }
    })
  }

  /** Looks at the servers. @param withinMs time after which a fact that is not there is left to the next look, in milliseconds */
  async look(withinMs = ANSWERS_WITHIN_MS): Promise<Look> {
    const atMs = Date.now()
    const environment = this.#environment
    const ask = <T>(server: keyof typeof PLACES, work: () => Promise<T>) =>
      awaitAnswer(server, environment.config, work())
    const lags = await this.#lags.read(withinMs, () => ask('kafka', () => environment.lags.read(atMs)))
    const { bounds } = lags.value ?? {}
    const isAnswered = lags.state === 'now'
    const readKafka = <T>(reader: FactReader<T>, signal: Signal, none: T, work: () => Promise<T | null>) =>
      isAnswered
        ? reader.read(withinMs, () => ask('kafka', async () => (bounds?.get(signal) ? work() : none)))
        : reader.last(lags.state)
    const [redis, alerts, letters, notInForce, types, unended, members, transactions] = await Promise.all([
      this.#redis.read(withinMs, () => ask('redis', () => this.#readRedis(atMs, lags.value?.lags ?? []))),
      readKafka(this.#alerts, 'alerts', [], () => readRecentAlerts(environment)),
      readKafka<OpenDeadLetters>(this.#letters, 'dlq', NO_LETTERS, () => countOpenDeadLetters(environment)),
      readSoon(this.#findNotInForce(atMs), this.#lastSaved),
      isAnswered ? readSoon(this.#findUnknownTypes(bounds?.get('readings')), []) : [],
      isAnswered && bounds?.get('events') ? this.#findUnended(atMs) : [],
      isAnswered ? this.#countMembers() : new Map<string, number>(),
      isAnswered ? this.#findTransactions() : [],
    ])
    const servers = { kafka: this.#lags.problem, redis: this.#redis.problem }
    return {
      atMs,
      servers,
      lags,
      outcomes: { ...redis, value: redis.value?.outcomes ?? null },
      standing: this.#findStalls(lags, { servers, members, transactions, broken: redis.value?.broken }, atMs),
      notices: [...notInForce, ...types, ...unended],
      firing: combineKnown(redis, alerts, ({ firing }, newest) => countFiring(firing, newest)),
      lastAlerts: { ...alerts, value: alerts.value?.slice(0, LAST_ALERTS) ?? null },
      letters,
      members,
    }
  }

  /** Returns the stalls. Lags that were watched before are no second observation. */
  #findStalls(
    lags: Known<Lags>,
    facts: Omit<StallFacts, 'lags'>,
    nowMs: number,
  ): readonly StalledFunctions[] {
    const isAway = lags.state === 'away'
    if (isAway || lags.asOfMs !== this.#watchedMs) {
      this.#watchedMs = lags.asOfMs
      const observed = isAway ? undefined : lags.value?.lags
      this.#standing = this.#watch.next({ ...facts, lags: observed }, nowMs)
    }
    return this.#standing
  }

  async #findUnknownTypes(bounds: readonly Bounds[] = []): Promise<Overview['notices']> {
    const { families } = this.#environment.config
    const topic = this.#environment.topic('readings')
    return this.#types.get('types', async () => {
      const records = await readNewest(await this.#environment.log(), topic, bounds)
      return findUnknownTypes(families, topic, records).map(of => ['readings', ...describeUnknownType(of)])
    })
  }

  /** Returns the things that were saved a while ago and are not in force. */
  #findNotInForce(nowMs: number): Promise<Overview['notices']> {
    return this.#saved.get('saved', async () => {
      const things = await readNotInForce(this.#environment)
      const late = things.filter(({ sinceMs }) => nowMs - sinceMs > SAVED_FOR_MS)
      this.#lastSaved = describeNotInForce(late, nowMs).map(says => ['saved', says.replace(/\.$/, ''), ''])
      return this.#lastSaved
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

  /** Returns the number of members by group. Without an answer, such as without the permission, they are unknown, and the rest is shown. */
  #countMembers(): Promise<ReadonlyMap<string, number>> {
    return readSoon(
      this.#members.get('members', () => countMembers(this.#environment)),
      new Map<string, number>(),
    )
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

const PLACES = { kafka: describeKafka, redis: describeRedis }

/** Waits for the response of a server, and converts an outage to a reason. @throws unexpected errors */
async function awaitAnswer<T>(
  server: keyof typeof PLACES,
  config: Config,
  answer: Promise<T>,
): Promise<ServerAnswer<NonNullable<T>>> {
  const { address } = PLACES[server](config)
  try {
    const value = await withTimeout(answer, server, ANSWERS_WITHIN_MS, address)
    return { value: value ?? undefined, problem: null }
  } catch (error) {
    const { code, message } = toProblem(error)
    if (code === 'fault') throw error
    return { value: undefined, problem: message }
  }
}
