/**
 * Takes samples of the environment every two seconds, starting with the first request. The samples of the last five minutes are
 * kept.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { StandingStill } from '../../../lib/diagnosis/stalls/standing-still.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { countersIn, lagsIn, shownConsumers, shownTopics, totalsIn, withWindows } from './figures.ts'
import { KafkaLooks } from './kafka-look.ts'
import { Rates, SampleHistory } from './rates.ts'
import { RedisLooks } from './redis-look.ts'
import type { History, Overview, Values } from './shapes.ts'
import { OpenDeadLetters, RecentAlerts } from './topic-looks.ts'
import { Waits } from './waits.ts'

const EVERY_MS = 2_000
/** Time after which a server that has not responded counts as unavailable, in milliseconds. */
const ANSWERS_WITHIN_MS = 8_000

/** A value, or the reason why it is missing. */
type Answered<T> =
  | { readonly value: T; readonly problem: null }
  | { readonly value: undefined; readonly problem: string }

export class OverviewSampler {
  readonly #environment: ConsoleEnvironment
  readonly #kafka: KafkaLooks
  readonly #redis: RedisLooks
  readonly #alerts: RecentAlerts
  readonly #letters: OpenDeadLetters
  readonly #waits: Waits
  readonly #rates = new Rates()
  readonly #standing = new StandingStill(EVERY_MS)
  readonly #history = new SampleHistory()
  readonly #over = new AbortController()
  #last: Overview | undefined
  #looking: Promise<Overview> | undefined
  #isRunning = false

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#kafka = new KafkaLooks(environment)
    this.#redis = new RedisLooks(environment)
    this.#alerts = new RecentAlerts(environment)
    this.#letters = new OpenDeadLetters(environment)
    this.#waits = new Waits(() => environment.log())
    environment.connections.kept({ close: () => this.#over.abort() })
  }

  /**
   * Returns the newest sample. The first call waits until a sample has been taken. Later calls return a sample that is at most a
   * few seconds old.
   */
  async newest(): Promise<Overview> {
    const { streams } = this.#environment
    if (streams && !this.#isRunning) {
      this.#isRunning = true
      void this.#keepLooking()
    }
    const isOld = !this.#last || (!streams && Date.now() - this.#last.atMs > EVERY_MS)
    return isOld || !this.#last ? this.#lookOnce() : this.#last
  }

  /** Recent samples. If the console cannot stream, there may be only a few, because the process is suspended between requests. */
  get history(): History {
    return this.#history.columns
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      // Ignore the error here. The next request takes a sample and reports its error.
      await this.#lookOnce().catch(() => {
        this.#last = undefined
      })
      await pause(EVERY_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #lookOnce(): Promise<Overview> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<Overview> {
    const atMs = Date.now()
    const kafka = await asked('Kafka', this.#kafka.look(atMs))
    const { bounds, lags, members } = kafka.value ?? {}
    const [redis, alerts, letters] = await Promise.all([
      asked('Redis', this.#redis.look(atMs, bounds?.readings?.length, lags)),
      asked('Kafka', this.#alerts.newest(bounds?.alerts)),
      asked('Kafka', this.#letters.count(bounds?.dlq)),
    ])
    const servers = { kafka: kafka.problem, redis: redis.problem }
    const values = rounded({
      ...this.#rates.next({ atMs, counters: countersIn(kafka.value, redis.value) }),
      ...(lags ? lagsIn(lags, this.#waits.next(lags, atMs)) : {}),
    })
    this.#history.add(atMs, values)
    const { functions } = this.#environment
    const seen = {
      servers,
      lags: lags && withWindows(lags, functions),
      members: members ?? new Map<string, number>(),
      broken: redis.value?.broken,
      known: this.#environment.standing(),
    }
    this.#last = {
      atMs,
      servers,
      values,
      totals: totalsIn(kafka.value, redis.value),
      topics: shownTopics(this.#environment, bounds),
      consumers: shownConsumers(this.#environment, members),
      producers: functions
        .filter(({ emits, consumes, forwards, foreignTopics }) => {
          return emits.length > 0 && consumes.length + forwards.length + foreignTopics.length === 0
        })
        .map(({ name, emits }) => ({ name, emits })),
      standing: this.#standing.next(seen, atMs),
      firing: redis.value?.firing ?? null,
      lastAlerts: alerts.value ?? null,
      openDeadLetters: letters.value ?? null,
    }
    return this.#last
  }
}

/** Waits for the response of a server, and converts an outage to a reason. @throws unexpected errors */
async function asked<T>(server: string, answer: Promise<T>): Promise<Answered<T>> {
  try {
    return { value: await inTime(server, answer), problem: null }
  } catch (error) {
    const { code, message } = problemOf(error)
    if (code === 'fault') throw error
    return { value: undefined, problem: message }
  }
}

function inTime<T>(server: string, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const late = new ProblemError(
    'unavailable',
    `${server} did not respond within ${ANSWERS_WITHIN_MS / 1_000} s`,
  )
  const timer = setTimeout(() => reject(late), ANSWERS_WITHIN_MS)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}

function rounded(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value === null ? null : Math.round(value * 100) / 100,
    ]),
  )
}
