/** Routed alerts, silences and what mutes, for tests of notifications. Times are seconds since `START_MS`. */

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { Emission } from '#runtime/test/support/inside'
import { ProcessKit } from '#runtime/testing'
import type { Alert, FiredAlert } from '../../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../../lib/alerting/pipeline-down.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import type { AlertMatch } from '../../../lib/notification/alert-match.ts'
import { emitInhibition } from '../../../lib/notification/inhibition.ts'
import { NOTIFICATION_TYPE, type Notification } from '../../../lib/notification/notification.ts'
import { type NotifierState, notifier } from '../../../lib/notification/notifier.ts'
import type { NotificationRoutes, Target } from '../../../lib/notification/route.ts'
import { emitRoutedAlert } from '../../../lib/notification/routed-alert.ts'
import type { Silence, SilenceSet } from '../../../lib/notification/silences.ts'
import { silencesChanged } from '../../../lib/notification/silences-changed.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { collectEmission } from '../../support/step-calls.ts'

export const START_MS = Date.parse('2026-03-02T08:00:00Z')
export const at = (second: number) => new Date(START_MS + second * 1000).toISOString()

const GROUP = 'default/sns{rule="HIGH_TEMP"}'
export const TARGET: Target = {
  group: GROUP,
  groupLabels: { rule: 'HIGH_TEMP' },
  receivers: ['sns'],
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 3_600_000,
}

export function fired(alertId: string, more: Partial<FiredAlert> = {}): FiredAlert {
  return {
    alertId,
    fingerprint: `f-${alertId}`,
    rule: 'HIGH_TEMP',
    severity: 'critical',
    status: 'firing',
    labels: {},
    summary: `${alertId} is hot`,
    entity: { source: '/environment/oslo', subject: alertId },
    activeAt: at(0),
    startedAt: at(0),
    reason: 'condition',
    ...more,
  }
}

export function resolved(alertId: string, more: Partial<FiredAlert> = {}): Alert {
  return { ...fired(alertId, more), status: 'resolved', endedAt: at(0), reason: 'cleared' }
}

let events = 0

/** An emission as its reader gets it, at a time of the log. */
export function createEvent(emission: Emission, second: number): Event {
  events += 1
  const { name: _, to: __, key: ___, untimed: ____, everyPartition: _____, ...attributes } = emission
  return { ...attributes, id: `e${events}`, time: at(second), datacontenttype: 'application/json' }
}

export const routed = (second: number, alert: Alert, target: Target = TARGET) =>
  createEvent(
    collectEmission(step => emitRoutedAlert(step, target, alert)),
    second,
  )

export function pipeline(second: number, status: 'firing' | 'resolved', id = 'p1'): Event {
  const alert = { ...fired(id, { rule: PIPELINE_DOWN }), status } as Alert
  return createEvent(
    collectEmission(step => emitInhibition(step, alert)),
    second,
  )
}

export function silence(id: string, from: number, until: number, match: AlertMatch): Silence {
  return {
    id,
    match,
    startsAt: at(from),
    endsAt: at(until),
    author: 'ann',
    comment: 'works',
    createdAt: at(0),
  }
}

export function silences(second: number, revision: number, ...all: readonly Silence[]): Event {
  const change = { action: 'added', silenceId: 's', author: 'ann', comment: 'works' } as const
  return silencesChanged({ revision, silences: all, change } satisfies SilenceSet, 0, at(second))
}

export function createKit(routes: NotificationRoutes = { routes: [] }) {
  return new ProcessKit<NotifierState>(APPLICATION, notifier(routes) as never, { tick })
}

type Kit = ReturnType<typeof createKit>

/** All notifications so far: `+30 new firing: a b -c (2 more)`, in seconds; `-` before the resolved. */
export function notifications({ publishedEvents }: Pick<Kit, 'publishedEvents'>): readonly string[] {
  return publishedEvents
    .filter(({ type }) => type === NOTIFICATION_TYPE)
    .map(({ time, data }) => {
      const { reason, status, alerts, omitted } = data as Notification
      const names = alerts.map(alert => ` ${alert.status === 'resolved' ? '-' : ''}${alert.alertId}`).join('')
      const second = (Date.parse(time ?? '') - START_MS) / 1000
      return `+${second} ${reason} ${status}:${names}${omitted > 0 ? ` (${omitted} more)` : ''}`
    })
}

/** Events in the order of their times, with ticks each minute between them, and until the end. */
export async function played(log: readonly Event[], until: number, kit = createKit()): Promise<Kit> {
  let now = START_MS
  for (const event of log) {
    const timeMs = Date.parse(event.time ?? '')
    if (timeMs > now) await kit.pass(timeMs - now)
    await kit.when(event)
    now = Math.max(now, timeMs)
  }
  await kit.pass(Math.max(0, START_MS + until * 1000 - now))
  assertFit(kit)
  return kit
}

/** Log of routed alerts, the second until which it is played, and the notifications of it. */
export type PlayedLog = readonly [
  given: string,
  log: readonly Event[],
  until: number,
  told: readonly string[],
]

/** Tests that logs have these notifications. An event before each log sets the clock. */
export function itNotifies(logs: readonly PlayedLog[]): void {
  for (const [given, log, until, told] of logs)
    it(`given ${given}`, async () => {
      assert.deepEqual(notifications(await played([silences(0, 1), ...log], until)), told)
    })
}

/** Checks that published events match the schemas. */
export function assertFit({ publishedEvents }: Pick<Kit, 'publishedEvents'>): void {
  for (const { type, data } of publishedEvents) assert.equal(schemaViolation(FAMILIES, type, data), undefined)
}
