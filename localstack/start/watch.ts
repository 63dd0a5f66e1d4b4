import { setTimeout as pause } from 'node:timers/promises'
import { RULES_ACTIVATED_TYPE } from '../../lib/alerting/activated-type.ts'
import type { Alert } from '../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../lib/alerting/pipeline-down.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { topicName } from '../../lib/app/topics.ts'
import { alertIn } from '../../lib/queries/alerts.ts'
import type { BatchedTopic } from '../../lib/queries/health/progress-watch.ts'
import type { OpenStall } from '../../lib/queries/health/stalls.ts'
import { consumerLags } from '../../lib/queries/lag.ts'
import { kafkaClient } from '../../lib/runtime/adapters/kafka/client.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import { tail } from '../../lib/runtime/adapters/kafka/tail.ts'
import { RedisClient } from '../../lib/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../lib/runtime/adapters/redis/inspection.ts'
import { isFailure } from '../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../lib/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import { Unavailable } from '../../lib/runtime/pipeline/errors.ts'
import { plainRecords } from '../../lib/runtime/pipeline/plain-records.ts'
import type { Services } from '../services.ts'
import { type Figures, FlowFigures } from './figures.ts'
import { Health } from './health.ts'
import { readLogLine } from './log-lines.ts'
import { BROKEN_REPORT, readReport } from './report-lines.ts'
import { alertLine, eventLine, figuresLine, type Screen } from './screen.ts'

/** Shows the flow of one environment on the screen, and what keeps its functions from making progress. */
export interface Watch {
  /** What stands still now, for the console. */
  standing(): readonly OpenStall[]
  /** Updates the live line. */
  refresh(): Promise<void>
  /** Handles a line of the functions' log. */
  logged(line: string): void
  /** Handles a line of the trigger's reports. */
  reported(line: string): void
  /** Runs a scheduled function for `npm start`. Resolves when the run has ended, successfully or not. */
  run(name: string, invoke: () => Promise<void>): Promise<void>
  /** Waits until nothing is pending, prints the final figures, and returns the unresolved problems. */
  finish(): Promise<string[]>
  stop(): Promise<void>
}

const SETTLE_WITHIN_MS = 20_000
/** How often due lines are printed. */
const LOOK_EVERY_MS = 250
/** A longer run is reported. */
const LONG_RUN_MS = 20_000

export interface WatchOptions {
  /** Whether readings are simulated. If so, a run that applies none has failed. */
  readonly expectsReadings: boolean
}

/** Starts watching and counting from now on. */
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
  const flow = await FlowFigures.from(offsets, new StateInspection(redis), env)
  const health = new Health({ brokers: services.brokers.join(',') })
  const alerts = { fired: 0, resolved: 0 }
  const following = await followAlertsAndEvents()
  void following.lost.then(({ message }) =>
    screen.line(`✗ alerts and events are no longer shown, because their topics cannot be read: ${message}`),
  )
  /** What the functions read, by function and topic. */
  const consumers = new Map<string, BatchedTopic>()
  const pipelineTold = new Set<string>()
  let figures: Figures | undefined
  const looking = setInterval(showDue, LOOK_EVERY_MS)

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

  /** @param record with plain data */
  function show(record: LogRecord): void {
    if (record.topic === topicName('events', env)) {
      const event = readEvent(record)
      // A rule set is in every partition, for those who evaluate it: nothing has happened.
      if (!isFailure(event) && event.type !== RULES_ACTIVATED_TYPE)
        screen.line(eventLine(event, record.timestampMs))
      return
    }
    const found = alertIn(record)
    if (!found || isRepeated(found.alert)) return
    if (found.alert.status === 'firing') alerts.fired++
    else alerts.resolved++
    screen.line(alertLine(found.alert, found))
  }

  /** Every partition tells of a pipeline that is down, as one alert. */
  function isRepeated({ rule, status, alertId }: Alert): boolean {
    if (rule !== PIPELINE_DOWN) return false
    const isKnown = pipelineTold.has(`${status} ${alertId}`)
    pipelineTold.add(`${status} ${alertId}`)
    return isKnown
  }

  async function refresh(): Promise<void> {
    const [counted, lags] = await Promise.allSettled([
      flow.read(),
      consumerLags(offsets, [...consumers.values()]),
    ])
    const nowMs = Date.now()
    for (const asked of [counted, lags]) {
      if (asked.status === 'rejected') health.away(serverIn(asked.reason), asked.reason.message, nowMs)
    }
    if (lags.status === 'fulfilled') health.lagging(lags.value, nowMs)
    if (counted.status === 'rejected') return
    figures = counted.value
    for (const server of ['Kafka', 'Redis'] as const) health.answers(server, nowMs)
    screen.live(figuresLine(figures, alerts, health.pending), nowMs)
  }

  return {
    standing: () => health.standing,
    refresh,
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
    async run(name, invoke) {
      const long = setTimeout(() => health.runs(name, Date.now()), LONG_RUN_MS)
      const error = await invoke().then(
        () => undefined,
        (thrown: Error) => thrown.message,
      )
      clearTimeout(long)
      health.ran(name, error, Date.now())
    },
    async finish() {
      const deadlineMs = Date.now() + SETTLE_WITHIN_MS
      await refresh()
      while (!health.isSettled(Date.now()) && Date.now() < deadlineMs) {
        await pause(LOOK_EVERY_MS)
        await refresh()
      }
      screen.endLive()
      showDue()
      if (figures) screen.line(`\n${figuresLine(figures, alerts, health.pending)}`)
      return [...problemsOf(figures, expectsReadings), ...health.verdict]
    },
    async stop() {
      clearInterval(looking)
      await Promise.allSettled([following.stop(), offsets.close()])
      redis.close()
    },
  }
}

function serverIn(error: unknown): 'Kafka' | 'Redis' {
  return error instanceof Unavailable && error.code === 'store-unavailable' ? 'Redis' : 'Kafka'
}

function problemsOf(figures: Figures | undefined, expectsReadings: boolean): string[] {
  if (!figures) return ['the figures could not be read']
  return expectsReadings && figures.applied === 0 ? ['no reading was applied'] : []
}
