import { setTimeout as pause } from 'node:timers/promises'
import { kafkaClient } from '../../lib/adapters/kafka/client.ts'
import { TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'
import { tail } from '../../lib/adapters/kafka/tail.ts'
import { RedisClient } from '../../lib/adapters/redis/client.ts'
import { SlotInspection } from '../../lib/adapters/redis/inspection.ts'
import { parseTime } from '../../lib/cloudevents/attributes.ts'
import { isFault } from '../../lib/cloudevents/event.ts'
import { readEvent } from '../../lib/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { Alert } from '../../lib/domain/alerting/alert.ts'
import type { Event } from '../../lib/domain/event.ts'
import { topicName } from '../../lib/domain/topics.ts'
import { Unavailable } from '../../lib/pipeline/ports.ts'
import type { Report } from '../msk-trigger/reports.ts'
import type { Services } from '../services.ts'
import { consumerLags, type ReadTopic } from './consumer-lag.ts'
import { type Figures, FlowFigures } from './figures.ts'
import { Health } from './health.ts'
import { readLogLine } from './log-lines.ts'
import { alertLine, eventLine, figuresLine, type Screen } from './screen.ts'

/** Shows the flow of one environment on the screen, and what keeps its functions from making progress. */
export interface Watch {
  /** Brings the live line up to date. */
  refresh(): Promise<void>
  /** A line of the functions' log. */
  logged(line: string): void
  /** A line of the trigger's reports. */
  reported(line: string): void
  /** A run of a scheduled function that `npm start` has asked for. Resolves when it has ended, however. */
  run(name: string, invoke: () => Promise<void>): Promise<void>
  /** Waits until nothing is pending, prints the last figures, and names what is not well. */
  finish(): Promise<string[]>
  stop(): Promise<void>
}

const SETTLE_WITHIN_MS = 20_000
/** How often lines that are due are looked for. */
const LOOK_EVERY_MS = 250
/** A run that takes longer is told of. */
const LONG_RUN_MS = 20_000

export interface WatchOptions {
  /** Whether readings are simulated: then a run in which none is applied was not well. */
  readonly expectsReadings: boolean
}

/** Watches alerts and events from now on, and counts from now on. */
export async function watchFlow(
  services: Services,
  env: string,
  screen: Screen,
  { expectsReadings }: WatchOptions,
): Promise<Watch> {
  const kafka = kafkaClient({ brokers: services.brokers, clientId: 'sluice-start', auth: 'none' })
  const redis = new RedisClient({ url: services.redisUrl })
  const offsets = new TopicOffsets(kafka)
  const flow = await FlowFigures.from(offsets, new SlotInspection(redis), env)
  const health = new Health({ brokers: services.brokers.join(',') })
  const alerts = { fired: 0, resolved: 0 }
  const following = await followAlertsAndEvents()
  void following.lost.then(({ message }) =>
    screen.line(`✗ alerts and events are no longer shown, since their topics cannot be read on: ${message}`),
  )
  /** What the functions read, by function and topic. */
  const consumers = new Map<string, ReadTopic>()
  let figures: Figures | undefined
  const looking = setInterval(showDue, LOOK_EVERY_MS)

  function showDue(): void {
    for (const line of health.due(Date.now())) screen.line(line)
  }

  function followAlertsAndEvents() {
    const topics = [topicName('alerts', env), topicName('events', env)]
    return tail(kafka, topics, record => {
      const event = readEvent(record)
      if (isFault(event)) return
      if (record.topic === topicName('events', env)) return screen.line(eventLine(event, record.timestampMs))
      const line = readAlert(event, record)
      if (!line) return
      if (line.alert.status === 'firing') alerts.fired++
      else alerts.resolved++
      screen.line(alertLine(line.alert, line))
    })
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
    refresh,
    logged(line) {
      const read = readLogLine(line)
      if (read) health.logged(read, Date.now())
    },
    reported(line) {
      const report = JSON.parse(line) as Report
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
      const giveUpAtMs = Date.now() + SETTLE_WITHIN_MS
      await refresh()
      while (!health.isSettled(Date.now()) && Date.now() < giveUpAtMs) {
        await pause(LOOK_EVERY_MS)
        await refresh()
      }
      screen.endLive()
      showDue()
      if (figures) screen.line(`\n${figuresLine(figures, alerts, health.pending)}`)
      return [...faultsOf(figures, expectsReadings), ...health.verdict]
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

function faultsOf(figures: Figures | undefined, expectsReadings: boolean): string[] {
  if (!figures) return ['the figures could not be read']
  return expectsReadings && figures.applied === 0 ? ['no reading was applied'] : []
}

function readAlert(
  event: Event,
  record: LogRecord,
): { alert: Alert; time?: string; timeMs: number } | undefined {
  if (!event.type.startsWith('io.sluice.alert.')) return undefined
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  return { alert: event.data as Alert, timeMs, ...(event.time === undefined ? {} : { time: event.time }) }
}
