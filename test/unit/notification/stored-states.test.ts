import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { StateKey } from '#runtime/pipeline'
import { emptyState } from '#runtime/test/support/inside'
import { logRecord } from '#runtime/test/support/records'
import { Stage } from '#runtime/testing'
import { notifier } from '../../../lib/notification/notifier.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { firstAlert, resolved } from '../../support/alerts.ts'
import { APPLICATION } from '../../support/families.ts'
import { at, notifications } from './support.ts'

/** Partition states as a version of the consumer has stored that was not divided into parts. */
const BEFORE = JSON.parse(readFileSync(new URL('states-before.json', import.meta.url), 'utf8'))
const ROUTES = readRoutes('routes:\n  - { name: later, receivers: [pager] }', 'r')

/** Returns the consumer after events, each at its second, that follow a stored state. */
async function continued(topic: 'alerts' | 'notifications', events: readonly (readonly [number, Event])[]) {
  const stage = new Stage(APPLICATION, notifier(ROUTES) as never, {}, topic as never)
  const { key, version, clock, states, timers } = BEFORE.find(
    (stored: { readonly key: StateKey }) => stored.key.topic === stage.topic,
  )
  stage.store.restore(key, {
    ...emptyState(),
    version,
    clock,
    states: new Map(states),
    timers: new Map(timers),
  })
  await stage.batch(
    events.map(([second, event], index) =>
      logRecord(version.appliedOffset + 1 + index, event, {
        topic: stage.topic,
        timestampMs: Date.parse(at(second)),
      }),
    ),
  )
  return stage
}

describe('given states that an earlier version has stored', () => {
  it('when a firing alert ends, then its end goes to the groups that were notified of it', async () => {
    const end = resolved(firstAlert({ startedAt: at(0) }))
    const { outcomes, events } = await continued('alerts', [[3_600, end]])
    assert.deepEqual(outcomes, ['applied/resolved'])
    assert.deepEqual(
      events.map(({ subject }) => subject),
      ['ops/sns{rule="HIGH_TEMP"}'],
    )
  })

  it('when the timer of a group is due, then its new alerts are sent', async () => {
    const ticks = [100, 200, 300, 400].map(second => [second, tick(0, at(second))] as const)
    const { events } = await continued('notifications', ticks)
    assert.deepEqual(notifications({ publishedEvents: events }), ['+331 changed firing: a b'])
  })
})
