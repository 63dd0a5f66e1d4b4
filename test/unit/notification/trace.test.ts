import assert from 'node:assert/strict'
import { it } from 'node:test'
import { confirmDelivery } from '#runtime/consumer'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { SpanCollector, startTracing } from '#runtime/test/support/spans'
import { alerting } from '../../../lib/alerting/process.ts'
import { deliverSink } from '../../../lib/notification/deliver.ts'
import { notifier } from '../../../lib/notification/notifier.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from '../alerting/support.ts'
import { IN_PROD } from './messages.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const APPENDED_MS = Date.parse('2026-03-01T14:00:00Z')
const topic = (name: 'readings' | 'alerts' | 'notifications') => APPLICATION.kafkaTopic(name, 'test')

// Promise docs/observability.md#spans
it('given a sampled reading, then its way through alert and notification to the receiver is one trace', async t => {
  const spans = new SpanCollector()
  t.after(() => spans.stop())
  const deliver = async (all: readonly unknown[]) => all.map(() => confirmDelivery('sent'))
  const create = async (process: { readonly name: string }) =>
    new Stage(process as never, { tracer: await startTracing(APPLICATION, process.name) })
  const alerts = await create(alerting(FAMILIES, [createRule({ name: 'HOT', fireAbove: 40 })]))
  const groups = await create(notifier(readRoutes('routes: [{ name: all, receivers: [sns] }]', 'r')))
  const receivers = await create(deliverSink([{ names: ['sns'], deliver }], IN_PROD))
  /** Returns the records that a consumer has published to a topic, as that topic has them. */
  const listPublished = ({ publisher }: Stage, to: string) =>
    publisher.publishedRecords
      .filter(record => record.topic === to)
      .map((record, index) => logRecord(index * 2, record, { topic: to, timestampMs: APPENDED_MS }))

  const extensions = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }
  await alerts.batch([
    logRecord(0, reading('hot', { temperature: 52, extensions }), { topic: topic('readings') }),
  ])
  await groups.batch(listPublished(alerts, topic('alerts')))
  // The group waits for more alerts until a tick advances the clock of the log.
  const timestampMs = APPENDED_MS + 120_000
  const afterWait = tick(0, new Date(timestampMs).toISOString())
  const ticked = logRecord(1, afterWait, { topic: topic('notifications'), timestampMs })
  await groups.batch([...listPublished(groups, topic('notifications')), ticked])
  await receivers.batch(listPublished(groups, topic('notifications')))

  await spans.provider.forceFlush()
  const way = spans.sent.filter(span => span.spanContext().traceId === TRACE)
  assert.deepEqual(
    way.map(
      ({ name, attributes: { 'sluice.consumer': by, ...rest } }) => `${name} ${by} ${rest['sluice.reason']}`,
    ),
    [
      `process ${topic('readings')} alerting fired`,
      `process ${topic('alerts')} notifier fired`,
      `process ${topic('notifications')} notifier queued`,
      `process ${topic('notifications')} deliver not-mine`,
      `process ${topic('notifications')} deliver delivered`,
    ],
  )
})
