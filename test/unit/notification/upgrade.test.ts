import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { APPLICATION } from '../../../lib/app/application.ts'
import { redrivenRecord } from '../../../lib/failures/redriven-record.ts'
import { deliverSink, type Outlet } from '../../../lib/notification/deliver.ts'
import type { Message } from '../../../lib/notification/message.ts'
import { NOTIFICATION_TYPE } from '../../../lib/notification/notification.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { type Delivered, delivered, retry, type Sink } from '../../../packages/runtime/consumer/sink.ts'
import type { Process } from '../../../packages/runtime/pipeline/consumer.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { Stage } from '../../../packages/runtime/testing/stage.ts'
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
          return delivered('delivered')
        }),
    })
    const outlet = (names: readonly string[], formerly: string): Outlet => ({
      names,
      formerly,
      deliver: async (messages: readonly Message[]) =>
        messages.map(({ to, notification }) => {
          sent.push(...to.map(receiver => `${receiver} ${notification.notificationId}`))
          return delivered('delivered')
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
      const { key, value, headers } = redrivenRecord(failure)
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
