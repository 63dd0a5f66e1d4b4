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
import type { Services } from '../services.ts'
import type { Complaint } from './complaints.ts'
import { type Figures, FlowFigures } from './figures.ts'
import { alertLine, complaintLine, eventLine, figuresLine, type Screen } from './screen.ts'

/** Shows the flow of one environment on the screen. */
export interface Watch {
  /** Brings the live line up to date; says so once where the servers do not answer. */
  refresh(): Promise<void>
  complain(complaint: Complaint): void
  /** Waits until nothing is pending, prints the last figures, and names what was not well. */
  finish(): Promise<string[]>
  stop(): Promise<void>
}

const SETTLE_WITHIN_MS = 20_000

/** Watches alerts and events from now on, and counts from now on. */
export async function watchFlow(services: Services, env: string, screen: Screen): Promise<Watch> {
  const kafka = kafkaClient({ brokers: services.brokers, clientId: 'sluice-start', auth: 'none' })
  const redis = new RedisClient({ url: services.redisUrl })
  const offsets = new TopicOffsets(kafka)
  const flow = await FlowFigures.from(offsets, new SlotInspection(redis), env)
  const alerts = { fired: 0, resolved: 0 }
  const topics = [topicName('alerts', env), topicName('events', env)]
  const following = await tail(kafka, topics, record => {
    const event = readEvent(record)
    if (isFault(event)) return
    if (record.topic === topicName('events', env)) return screen.line(eventLine(event, record.timestampMs))
    const line = readAlert(event, record)
    if (!line) return
    if (line.alert.status === 'firing') alerts.fired++
    else alerts.resolved++
    screen.line(alertLine(line.alert, line))
  })
  let figures: Figures | undefined
  let silent = false
  let complaints = 0

  async function refresh(): Promise<void> {
    try {
      figures = await flow.read()
      silent = false
      screen.live(figuresLine(figures, alerts), Date.now())
    } catch (error) {
      if (!silent) screen.line(`✗ the figures cannot be read: ${(error as Error).message}`)
      silent = true
    }
  }

  return {
    refresh,
    complain(complaint) {
      if (!complaint.continues) complaints++
      screen.line(complaintLine(complaint))
    },
    async finish() {
      const giveUpAtMs = Date.now() + SETTLE_WITHIN_MS
      await refresh()
      while ((figures?.pending ?? 1) > 0 && Date.now() < giveUpAtMs) {
        await pause(250)
        await refresh()
      }
      screen.endLive()
      if (figures) screen.line(`\n${figuresLine(figures, alerts)}`)
      if (complaints > 0)
        screen.line(`${complaints} complaints of the functions on the way: see above, and their log.`)
      return faultsOf(figures)
    },
    async stop() {
      await Promise.allSettled([following.stop(), offsets.close()])
      redis.close()
    },
  }
}

/** What passed on the way is no fault: what counts is that everything is decided in the end. */
function faultsOf(figures: Figures | undefined): string[] {
  if (!figures) return ['the figures could not be read']
  return [
    ...(figures.applied === 0 ? ['no reading was applied'] : []),
    ...(figures.pending > 0 ? [`${figures.pending} records are still pending`] : []),
  ]
}

function readAlert(
  event: Event,
  record: LogRecord,
): { alert: Alert; time?: string; timeMs: number } | undefined {
  if (!event.type.startsWith('io.sluice.alert.')) return undefined
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  return { alert: event.data as Alert, timeMs, ...(event.time === undefined ? {} : { time: event.time }) }
}
