import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Answers } from '../../console/api/api.ts'
import type { PartitionsAnswer, StatesAnswer } from '../../console/api/state.ts'
import type { JourneyAnswer, RecentAnswer } from '../../console/journey/recent.ts'
import { receiveSpans, type SpanReceiver } from '../../console/spans/receiver.ts'
import type { EventStep } from '../../lib/queries/journey/model.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { deliver } from '../support/functions.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'

const TRACED = { extensions: { traceparent: `00-${'b'.repeat(32)}-${'c'.repeat(16)}-00` } }
const now = () => ({ time: new Date().toISOString() })

describe('one event through the system, and what consumers remember of it', () => {
  const variables = { ...process.env }
  let environment: TestEnvironment
  let receiver: SpanReceiver
  let served: ServedConsole
  let deaf: ServedConsole
  let browser: TestBrowser

  before(async () => {
    ;[environment, receiver, browser] = await Promise.all([
      TestEnvironment.create(),
      receiveSpans(),
      TestBrowser.launch(),
    ])
    Object.assign(process.env, receiver.variables, {
      SLUICE_ENV: environment.name,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      // Each function is called once, and closes its connections.
      IS_LOCAL: 'true',
    })
    served = await servedConsole({ env: environment.name, spans: receiver.store })
    deaf = await servedConsole({ env: environment.name })
    await sent(
      reading('calm', { sensor: 'roof-1', ...now() }),
      reading('hot', { sensor: 'roof-1', temperature: 47, ...now() }),
      reading('broken', { sensor: 'roof-2', ...now(), ...TRACED, data: { nothing: '<b>SECRET</b>' } }),
    )
    for (const name of ['processor', 'alerting', 'activity']) await deliver(environment, name, 'readings')
    await deliver(environment, 'notifier', 'alerts')
    await deliver(environment, 'dlq-router', 'failures')
  })

  after(async () => {
    process.env = variables
    await browser?.close()
    for (const one of [served, deaf, receiver, environment]) await one?.close()
  })

  async function sent(...events: Event[]): Promise<void> {
    const messages = events.map(event => {
      const { value, headers } = writeEvent(event)
      return { key: 'one', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
  }

  it('given spans of a reading without trace, then its path leads to the alert, and on to its group', async () => {
    const { journey, missing, hearsSpans } = await served.ask<JourneyAnswer>('/journey?id=hot')
    assert.deepEqual([journey.end, hearsSpans, missing], ['alert', true, []])
    const [root, ...others] = journey.roots
    assert.ok(root && others.length === 0)
    assert.deepEqual(verdicts(root), [
      'processor applied counted',
      'alerting applied fired',
      // The environment does not run it.
      'views waiting',
      'activity applied unchanged',
    ])
    const [alert] = root.decisions.find(({ consumer }) => consumer === 'alerting')?.emitted ?? []
    assert.match(JSON.stringify(alert?.data), /"rule":"HIGH_TEMP"/)
    assert.deepEqual(
      alert?.decisions.map(({ consumer, outcome }) => [consumer, outcome]),
      [['notifier', 'applied']],
    )
    const [routed] = alert?.decisions[0]?.emitted ?? []
    assert.match(routed?.event?.type ?? '', /alert\.routed/)
    assert.deepEqual([root.places.length, routed?.places.length], [1, 1])
  })

  it('given a reading that no consumer can read, then its path leads to dead letters, by trace as well', async () => {
    for (const asked of ['id=broken', `trace=${'b'.repeat(32)}`]) {
      const { journey } = await served.ask<JourneyAnswer>(`/journey?${asked}`)
      assert.equal(journey.end, 'dead-letter')
      const [root] = journey.roots
      assert.deepEqual(
        root?.decisions.map(({ consumer, outcome, code }) => [consumer, outcome, code]),
        [
          ...['processor', 'alerting'].map(consumer => [consumer, 'failed', 'schema-violated']),
          ['views', 'waiting', undefined],
          ['activity', 'failed', 'schema-violated'],
        ],
      )
      const letters = eventsIn(journey.roots).filter(
        ({ event }) => event?.type === 'io.sluice.dead-letter.v1',
      )
      assert.deepEqual([letters.length, letters.every(({ places }) => places.length === 1)], [3, true])
    }
  })

  it('given what consumers have decided, then their states say up to where, and what they remember', async () => {
    const { states } = await served.ask<StatesAnswer>('/state')
    const processor = states.find(({ consumer }) => consumer === 'processor')
    assert.deepEqual([processor?.signal, processor?.partitions, processor?.begun], ['readings', 12, 1])
    assert.deepEqual([processor?.entities, processor?.lag, processor?.outbox], [1, 0, 0])
    const { partitions } = await served.ask<PartitionsAnswer>('/state/partitions?consumer=alerting')
    const begun = partitions.filter(({ appliedOffset }) => appliedOffset >= 0)
    assert.deepEqual(
      begun.map(({ appliedOffset, entities, ids, openFailures, lag }) => [
        appliedOffset,
        entities,
        ids,
        openFailures,
        lag,
      ]),
      [[2, 1, 2, 1, 0]],
    )
    assert.ok((begun[0]?.bytes ?? 0) > 100 && begun[0]?.nextTimer)
    for (const entity of ['roof-1', '/environment/test-site roof-1', 'roof']) {
      const query = `/state/entities?consumer=alerting&entity=${encodeURIComponent(entity)}`
      const found = await served.ask<Answers['/state/entities']>(query)
      assert.deepEqual(
        found.entities.map(one => [one.entity, typeof one.state, one.timers.length > 0]),
        [['/environment/test-site roof-1', 'object', true]],
      )
    }
  })

  it('given a person who opens the page, then the newest events lead to a path that can be read', async () => {
    const { journeys } = await served.ask<RecentAnswer>('/journey/recent')
    assert.ok(
      journeys.some(({ end }) => end === 'alert') && journeys.some(({ end }) => end === 'dead-letter'),
    )
    const visit = await browser.visit(served.address('/event'))
    const { page } = visit
    await page.getByRole('link', { name: /Reading → Alert fires/ }).click()
    await page.getByText('An alert fired.').waitFor()
    await page.getByRole('link', { name: 'notifier' }).first().waitFor()
    assert.deepEqual([await visit.obstacles(), await visit.isTooWide()], [[], false])
    await page.setViewportSize({ width: 360, height: 900 })
    assert.equal(await visit.isTooWide(), false)
    await page.getByLabel('Id of an event, trace id, or traceparent').fill('broken')
    await page.keyboard.press('Enter')
    await page.getByText('It became a dead letter').waitFor()
    await page.getByRole('link', { name: 'alerting' }).first().click()
    await page.getByText('Decisions').waitFor()
    await page.getByText('alerting has no state of').waitFor()
    assert.deepEqual([await visit.obstacles(), await visit.isTooWide()], [[], false])
    await visit.close()
  })
})

function verdicts({ decisions }: EventStep): string[] {
  return decisions.map(({ consumer, outcome, reason }) =>
    [consumer, outcome, reason].filter(Boolean).join(' '),
  )
}

function eventsIn(steps: readonly EventStep[]): EventStep[] {
  return steps.flatMap(step => [
    step,
    ...step.decisions.flatMap(({ emitted, timers }) => [
      ...eventsIn(emitted),
      ...timers.flatMap(timer => eventsIn(timer.emitted)),
    ]),
  ])
}
