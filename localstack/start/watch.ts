import { setTimeout as pause } from 'node:timers/promises'
import type { Alert } from '../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../lib/alerting/pipeline-down.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { BatchedTopic } from '../../lib/diagnosis/stalls/progress-watch.ts'
import type { OpenStall } from '../../lib/diagnosis/stalls/stalls.ts'
import { alertIn } from '../../lib/queries/alerts.ts'
import { FOR_FUNCTIONS } from '../../lib/queries/for-functions.ts'
import { consumerLags } from '../../lib/queries/lag.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { tail } from '../../packages/runtime/adapters/kafka/tail.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { plainRecords } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { Services } from '../services.ts'
import { Drain, type EmittedTopics } from './drain.ts'
import { type Figures, flowFigures } from './figures.ts'
import { Health } from './health.ts'
import { BROKEN_REPORT, readLogLine, readReport } from './lines.ts'
import { alertLine, eventLine, figuresLine, type Screen } from './screen.ts'

/** Shows the flow of an environment on the screen, and reports stalled functions. */
export interface Watch {
  /** Returns the stalled functions, for the console. */
  standing(): readonly OpenStall[]
  /** Updates the live line. */
  refresh(): Promise<void>
  /** Handles a line of the functions' log. */
  logged(line: string): void
  /** Handles a line of the trigger's reports. */
  reported(line: string): void
  /** Runs a scheduled function for `npm start`. Resolves when the run has ended, successfully or not. */
  run(name: string, timeoutMs: number, invoke: () => Promise<void>): Promise<void>
  /**
   * Waits until all records that have arrived so far are processed, and prints the final figures. Returns the unresolved problems.
   *
   * @param signal aborting this signal ends the wait
   */
  finish(signal: AbortSignal): Promise<string[]>
  stop(): Promise<void>
}

/** Interval for printing lines and, during the drain, for sampling the lags, in milliseconds. */
const PRINT_EVERY_MS = 250
/**
 * Maximum time between the timeout of a function and the end of its run, in milliseconds. Loading the handler does not count
 * towards the timeout.
 */
const TIMEOUT_MARGIN_MS = 60_000

export interface WatchOptions {
  /** True if readings are simulated. In that case, a run that has applied no readings has failed. */
  readonly expectsReadings: boolean
}

/** Starts to watch the flow. All figures are counted from this moment on. */
export async function watchFlow(
  services: Services,
  env: string,
  screen: Screen,
  { expectsReadings }: WatchOptions,
): Promise<Watch> {
  const kafka = kafkaClient({ brokers: services.brokers, clientId: 'sluice-start', auth: 'none' })
  const redis = new RedisClient({ url: services.redisUrl })
  const offsets = new TopicOffsets(kafka)
  const reader = dataReader(readSettings([REGISTRY]))
  const log = new KafkaLogReader(kafka)
  const flow = await flowFigures({ offsets, stateKeys: new StateInspection(redis), log }, env)
  const health = new Health({ brokers: services.brokers.join(',') })
  const alerts = { fired: 0, resolved: 0 }
  const following = await followAlertsAndEvents()
  void following.lost.then(({ message }) =>
    screen.line(`✗ alerts and events are no longer shown, because their topics cannot be read: ${message}`),
  )
  /** Topics that the functions read, by function and topic. */
  const consumers = new Map<string, BatchedTopic>()
  const pipelineTold = new Set<string>()
  let figures: Figures | undefined
  const looking = setInterval(showDue, PRINT_EVERY_MS)

  function showDue(): void {
    for (const line of health.due(Date.now())) screen.line(line)
  }

  function followAlertsAndEvents() {
    const topics = [topicName('alerts', env), topicName('events', env)]
    let latest = Promise.resolve()
    return tail(kafka, topics, record => {
      latest = latest.then(async () => {
        try {
          for (const plain of await plainRecords([record], reader)) show(plain)
        } catch (error) {
          screen.line(`✗ an event of ${record.topic} cannot be shown: ${(error as Error).message}`)
        }
      })
    })
  }

  /** Shows a record. @param record record with decoded data */
  function show(record: LogRecord): void {
    if (record.topic === topicName('events', env)) {
      const event = readEvent(record)
      // Rule sets and plans of tables are appended to all partitions for the functions, and are not shown.
      if (!isFailure(event) && !FOR_FUNCTIONS.includes(event.type))
        screen.line(eventLine(event, record.timestampMs))
      return
    }
    const found = alertIn(record)
    if (!found || isRepeated(found.alert)) return
    if (found.alert.status === 'firing') alerts.fired++
    else alerts.resolved++
    screen.line(alertLine(found.alert, found))
  }

  /** Returns true if an alert only repeats a known outage of the pipeline, because every partition reports the outage. */
  function isRepeated({ rule, status, alertId }: Alert): boolean {
    if (rule !== PIPELINE_DOWN) return false
    const isKnown = pipelineTold.has(`${status} ${alertId}`)
    pipelineTold.add(`${status} ${alertId}`)
    return isKnown
  }

  /** Updates the figures. Returns true if the lags are known. */
  async function refresh(drain?: Drain): Promise<boolean> {
    const [counted, lags] = await Promise.allSettled([
      flow.read(),
      consumerLags(offsets, [...consumers.values()]),
    ])
    const nowMs = Date.now()
    for (const asked of [counted, lags]) {
      if (asked.status === 'rejected') health.away(serverIn(asked.reason), asked.reason.message, nowMs)
    }
    const hasLags = lags.status === 'fulfilled'
    if (hasLags) health.lagging(lags.value, nowMs)
    if (counted.status === 'rejected') return hasLags
    figures = counted.value
    for (const server of ['Kafka', 'Redis'] as const) health.answers(server, nowMs)
    const left = drain && health.lags.reduce((sum, lag) => sum + drain.left(lag), 0)
    screen.live(figuresLine(figures, alerts, health, left), nowMs)
    return hasLags
  }

  return {
    standing: () => health.standing,
    refresh: async () => void (await refresh()),
    logged(line) {
      const read = readLogLine(line)
      if (read) health.logged(read, Date.now())
    },
    reported(line) {
      const report = readReport(line)
      if (report === 'broken') screen.line(`✗ ${BROKEN_REPORT}`)
      if (report === 'broken' || report === 'empty') return
      if (report.report === 'mapped')
        consumers.set(`${report.function}|${report.topic}`, {
          function: report.function,
          topic: report.topic,
          group: report.group,
          windowMs: report.windowMs,
        })
      health.reported(report, Date.now())
    },
    async run(name, timeoutMs, invoke) {
      const endless = () => health.runs(name, timeoutMs, Date.now())
      const long = setTimeout(endless, timeoutMs + TIMEOUT_MARGIN_MS)
      const error = await invoke().then(
        () => undefined,
        (thrown: Error) => thrown.message,
      )
      clearTimeout(long)
      health.ran(name, error, Date.now())
    },
    async finish(signal) {
      const drain = new Drain(health.lags, emittedTopics(env), Date.now())
      for (;;) {
        const isNew = await refresh(drain)
        const isOver = isNew ? health.isDrained(drain, Date.now()) : health.isKafkaAway(Date.now())
        if (isOver || signal.aborted) break
        await pause(PRINT_EVERY_MS, undefined, { signal }).catch(() => {})
      }
      screen.endLive()
      showDue()
      if (figures) screen.line(`\n${figuresLine(figures, alerts, health)}`)
      return [...problemsOf(figures, expectsReadings), ...health.verdict(lag => drain.left(lag))]
    },
    async stop() {
      clearInterval(looking)
      await Promise.allSettled([following.stop(), offsets.close(), log.close()])
      redis.close()
    },
  }
}

function emittedTopics(env: string): EmittedTopics {
  const written = new Map(readFunctions().map(({ name, writes }) => [name, writes]))
  return name => (written.get(name) ?? []).map(signal => topicName(signal, env))
}

function serverIn(error: unknown): 'Kafka' | 'Redis' {
  return error instanceof Unavailable && error.code === 'store-unavailable' ? 'Redis' : 'Kafka'
}

function problemsOf(figures: Figures | undefined, expectsReadings: boolean): string[] {
  if (!figures) return ['the figures could not be read']
  return expectsReadings && figures.applied === 0 ? ['no readings were applied'] : []
}
