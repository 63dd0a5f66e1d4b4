import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { FailureData } from '#runtime/consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '#runtime/consumer/process.ts'
import { confirmDelivery, type Delivered, retry, type Sink } from '#runtime/consumer/sink.ts'
import type { Process } from '#runtime/pipeline/consumer.ts'
import { Stage } from '#runtime/testing/consumer-kit.ts'
import { logRecord } from '#runtime/testing/records.ts'
import { ALERT_FIRED_TYPE, type Alert } from '../../../lib/alerting/alert.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { createRedrivenRecord } from '../../../lib/failures/redriven-record.ts'
import { deliverSink, type Outlet } from '../../../lib/notification/deliver.ts'
import { type FiringAlerts, listFiringAlerts } from '../../../lib/notification/firing-alerts.ts'
import type { Message } from '../../../lib/notification/message.ts'
import { NOTIFICATION_TYPE } from '../../../lib/notification/notification.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { findTargets, type Target } from '../../../lib/notification/route.ts'
import { type RoutedAlert, routedEmission } from '../../../lib/notification/routed-alert.ts'
import { fired, firstAlert, resolved } from '../../support/alerts.ts'
import { MemoryReplaceableStates } from '../../support/memory-replaceable-states.ts'
import { notified } from './messages.ts'

const receivers = ['mail', 'pager', 'chat']

describe('an environment with notify-sns and notify-webhook that becomes one with deliver', () => {
  it('given open letters and pending retries, then nothing is sent again, and retries arrive', async () => {
    const sent: string[] = []
    const stage = new Stage(APPLICATION, { name: 'none', accepts: [], deliver: async () => [] } as Process)
    const at = (offset: number, more: Partial<LogRecord> = {}) => ({
      ...logRecord(offset, notified(`n${offset}`, { receivers, group: `g${offset}` }), {
        topic: stage.topic,
        timestampMs: Date.parse('2026-03-01T12:00:00Z'),
      }),
      ...more,
    })
    const run = (process: Sink<never>, records: readonly LogRecord[]) => {
      stage.consumer = { ...stage.consumer, process: process as Process }
      const formerStates = async () => new MemoryReplaceableStates(stage.store)
      const nowMs = () => Date.parse('2026-03-01T12:00:00Z')
      return stage.batch(records, { ports: { formerStates }, nowMs })
    }
    /** A function of the version before: it fails a notification for all of its receivers. */
    const former = (name: string, own: readonly string[], failing: readonly number[]): Sink<never> => ({
      name,
      accepts: [NOTIFICATION_TYPE],
      deliver: async all =>
        all.map(({ offset }): Delivered => {
          if (failing.includes(offset)) return retry('status 503')
          sent.push(...own.map(receiver => `${receiver} n${offset}`))
          return confirmDelivery('delivered')
        }),
    })
    const outlet = (names: readonly string[], formerly: string): Outlet => ({
      names,
      formerly,
      deliver: async (messages: readonly Message[]) =>
        messages.map(({ to, notification }) => {
          sent.push(...to.map(receiver => `${receiver} ${notification.notificationId}`))
          return confirmDelivery('delivered')
        }),
    })
    const log = [0, 1, 2, 3, 4].map(offset => at(offset))
    await run(former('notify-sns', ['mail'], [1]), log.slice(0, 4))
    await run(former('notify-webhook', ['pager', 'chat'], [0]), log.slice(0, 3))

    const deliver = deliverSink(
      [outlet(['mail'], 'notify-sns'), outlet(['pager', 'chat'], 'notify-webhook')],
      'prod',
    ) as Sink<never>
    const before = sent.length
    await run(deliver, log)
    assert.deepEqual(sent.slice(before).sort(), ['chat n3', 'chat n4', 'mail n4', 'pager n3', 'pager n4'])

    const failures = stage.events.map(({ data }) => data as FailureData)
    assert.deepEqual(
      failures.map(({ consumer, originalOffset }) => [consumer, originalOffset]),
      [
        ['notify-sns', 1],
        ['notify-webhook', 0],
      ],
    )
    const retries = failures.map((failure, index) => {
      const { key, value, headers } = createRedrivenRecord(failure)
      return at(5 + index, { key, value, headers })
    })
    await run(deliver, retries)
    await run(deliver, retries)
    assert.deepEqual(
      sent.toSorted(),
      receivers.flatMap(receiver => [0, 1, 2, 3, 4].map(number => `${receiver} n${number}`)).sort(),
    )
  })
})

describe('an environment with firing-alerts and alert-router that becomes one with notifier', () => {
  const FORMER = readRoutes('routes:\n  - { name: old, receivers: [sns] }', 'r')
  const NEW = readRoutes('routes:\n  - { name: new, receivers: [pager] }', 'r')
  const alertOf = (id: string) => firstAlert({ alertId: id, fingerprint: `f-${id}` })
  const [a, b, c] = [alertOf('a'), alertOf('b'), alertOf('c')]

  /** Consumers of the version before, as far as their states and emissions matter. */
  const view: KeyedProcess<object, Alert> = {
    name: 'firing-alerts',
    trustsProducers: true,
    accepts: [ALERT_FIRED_TYPE],
    onEvent: (state = {}, { data: alert }) => {
      const { alerts } = state as { alerts?: object }
      return completeStep('fired', { ...state, alerts: { ...alerts, [alert?.fingerprint ?? '']: { alert } } })
    },
  }
  const router: KeyedProcess<object, Alert> = {
    name: 'alert-router',
    trustsProducers: true,
    accepts: [ALERT_FIRED_TYPE],
    onEvent: (state = {}, { data }) => {
      const alert = data as Alert
      const { firing, latest } = state as { firing?: object; latest?: object }
      const [target] = findTargets(FORMER, alert) as [Target]
      const { alertId, startedAt, fingerprint } = alert
      const next = {
        firing: { ...firing, [alertId]: [target] },
        latest: { ...latest, [fingerprint]: { alertId, startedAt, isKept: false } },
      }
      return completeStep('routed', next, [routedEmission(target, alert)])
    },
  }

  for (const [given, viewed, routed] of [
    ['both at one offset', 2, 2],
    ['the view behind', 1, 3],
    ['the router behind', 3, 1],
  ] as const)
    it(`given ${given}, then each alert is sent once, and its end to the same groups`, async () => {
      const stage = new Stage(APPLICATION, view as never, {}, 'alerts')
      const events = [a, b, c].map(alert => fired(alert))
      const log = [...events, ...[a, b, c].map(alert => resolved(alert))].map((event, offset) =>
        logRecord(offset, event, { topic: stage.topic, timestampMs: Date.parse('2026-03-01T15:00:00Z') }),
      )
      const run = (process: object, records: readonly LogRecord[]) => {
        stage.consumer = { ...stage.consumer, process: process as Process }
        const formerStates = async () => new MemoryReplaceableStates(stage.store)
        return stage.batch(records, { ports: { formerStates } })
      }
      await run(view, log.slice(0, viewed))
      await run(router, log.slice(0, routed))
      await run(notifier(NEW), log.slice(0, 3))
      const state = (await stage.state('/alerting HIGH_TEMP /environment/test-site s-1')) as FiringAlerts
      assert.deepEqual(
        listFiringAlerts(state).map(({ alert }) => alert.alertId),
        ['a', 'b', 'c'],
      )
      await run(notifier(NEW), log)
      const sent = stage.events.map(({ data }) => {
        const { group, alert } = data as RoutedAlert
        return `${alert.status} ${alert.alertId} ${group.split('/')[0]}`
      })
      const groupOf = (offset: number) => (offset < routed ? 'old' : 'new')
      assert.deepEqual(
        sent.toSorted(),
        ['a', 'b', 'c']
          .flatMap((id, offset) => [`firing ${id} ${groupOf(offset)}`, `resolved ${id} ${groupOf(offset)}`])
          .sort(),
      )
    })
})
