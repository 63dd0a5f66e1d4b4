/** Acknowledges an alert that fires: appends an event beside the alert's own, and waits until the view has it. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AlertAcknowledged, alertAcknowledged, type Statement } from '../../lib/alerting/acknowledged.ts'
import type { AlertPlace, FiringNow } from '../../lib/queries/firing-alerts.ts'
import { RefusedByKafka } from '../../lib/runtime/adapters/kafka/publisher.ts'
import { producedRecord } from '../../lib/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../lib/runtime/consumer/event.ts'
import { Unavailable } from '../../lib/runtime/pipeline/errors.ts'
import { type FiringAlerts, firingAlerts as view } from '../../lib/views/firing-alerts.ts'
import { kafkaAddress, reasonOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import type { AlertsReader } from './read.ts'

/** How long the view may take to come to the event. */
const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 100

export type Said = Pick<AlertAcknowledged, 'acknowledged' | 'by' | 'comment'>

/** What `alerts ack --json` prints. */
export interface AckReport extends Said {
  readonly env: string
  readonly id: string
  readonly rule: string
  readonly entity: string
  /** RFC 3339. */
  readonly at: string
  /** `shown`: lists show it. `resolved`: the alert ended meanwhile. `not-yet`: it is in the log, and shown later. */
  readonly outcome: 'shown' | 'resolved' | 'not-yet'
}

/**
 * @param id of the alert
 * @throws CliFailure if no such alert fires, or Kafka does not take the event
 */
export async function acknowledge(
  reader: AlertsReader,
  id: string,
  said: Said,
  stop: AbortSignal,
): Promise<AckReport> {
  const { env } = reader.config
  const alert = (await reader.firing()).find(one => one.id === id)
  if (!alert) throw await notFiring(reader, id)
  if (!said.acknowledged && alert.places.every(({ firing }) => !firing.acknowledged))
    throw new CliFailure(`Alert ${id} is not acknowledged in "${env}", so there is nothing to take back.`)
  const time = new Date().toISOString()
  await append(reader, alert, { ...said, time })
  const outcome = await untilShown(reader, alert, said.acknowledged ? time : undefined, stop)
  return { env, id, rule: alert.rule, entity: alert.entity, ...said, at: time, outcome }
}

async function notFiring(reader: AlertsReader, id: string): Promise<CliFailure> {
  const behind = await reader.behind()
  const late = behind ? ` firing-alerts has ${behind} records of the topic still to read.` : ''
  return new CliFailure(
    `No alert ${id} fires in "${reader.config.env}": it has resolved, or there never was one. \`sluice alerts list\` shows those ` +
      `that fire.${late}`,
  )
}

/** Under the key of the alert's own events, and into their partition. */
async function append(
  { config, connections, topic: { topic } }: AlertsReader,
  { places }: FiringNow,
  statement: Omit<Statement, 'id'>,
): Promise<void> {
  const records = places.map(({ partition, events, firing: { alert } }) => {
    const event = alertAcknowledged(alert, partsOfEntity(events), { ...statement, id: randomUUID() })
    return { ...producedRecord(topic, alert.fingerprint, event, config.contentMode), partition }
  })
  try {
    await (await connections.publisher()).publish(records)
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RefusedByKafka)) throw error
    throw new CliFailure(
      `Kafka at ${kafkaAddress(config)} has not taken the acknowledgement. Try it again: twice does no harm. (${reasonOf(error)})`,
    )
  }
}

/** @param at the time of the acknowledgement; undefined if it was taken back */
async function untilShown(
  reader: AlertsReader,
  { id, places }: FiringNow,
  at: string | undefined,
  stop: AbortSignal,
): Promise<AckReport['outcome']> {
  const endMs = performance.now() + PATIENCE_MS
  while (true) {
    const shown = await Promise.all(places.map(place => firingAt(reader, place)))
    const still = shown.filter(one => one?.alert.alertId === id)
    if (still.length === 0) return 'resolved'
    if (still.every(one => one?.acknowledged?.at === at)) return 'shown'
    if (stop.aborted || performance.now() > endMs) return 'not-yet'
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {})
  }
}

async function firingAt(
  { inspection, topic: { topic } }: AlertsReader,
  { partition, events, firing }: AlertPlace,
) {
  const state = await inspection.state({ consumer: view.name, topic, partition }, events)
  return (state as FiringAlerts | undefined)?.alerts[firing.alert.fingerprint]
}
