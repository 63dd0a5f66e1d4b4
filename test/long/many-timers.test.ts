import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../lib/alerting/alert.ts'
import { parseRules } from '../../lib/alerting/parse-rules.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { reading } from '../../lib/telemetry/reading.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { Ports } from '../../packages/runtime/pipeline/ports.ts'
import type { MemoryPublisher } from '../../packages/runtime/testing/publisher.ts'
import { logRecord } from '../../packages/runtime/testing/records.ts'
import { Stage } from '../support/stage.ts'

/** Several loads of timers. */
const MANY = 2_000
const START_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const BATCH = 500

const { rules } = parseRules([
  {
    where: 'this test',
    content: {
      rules: [
        { name: 'SILENT', ...watched(), fireAbove: 1000, staleAfter: '5m', onSilence: 'alert' },
        { name: 'HOT', ...watched(), fireAbove: 30, keepFiringFor: '10m' },
      ],
    },
  },
])

function watched() {
  return { family: 'environment', metric: 'temperature', severity: 'info' }
}

/** A log that a stage reads, and how far it has come. */
class Log {
  readonly stage = new Stage(alerting(rules) as never)
  readonly #names: readonly string[]
  #offset = 0

  constructor(entities: number) {
    this.#names = Array.from({ length: entities }, (_, index) => `s-${index}`)
  }

  /** A reading of every entity at this minute. */
  async read(minute: number, temperature: number): Promise<void> {
    const records = this.#names.map(sensorId => {
      const data = { sensorId, location: { site: 'oslo', latitude: 0, longitude: 0 }, temperature }
      return this.#record(
        reading(FAMILIES.environment, `${sensorId}-${minute}`, instant(minute), data),
        minute,
      )
    })
    for (let from = 0; from < records.length; from += BATCH)
      assert.deepEqual(await this.stage.batch(records.slice(from, from + BATCH)), { batchItemFailures: [] })
  }

  async tick(minute: number): Promise<void> {
    const records = [this.ticked(minute)]
    assert.deepEqual(await this.stage.batch(records), { batchItemFailures: [] })
  }

  ticked(minute: number): LogRecord {
    return this.#record(tick(0, instant(minute)), minute)
  }

  /** Ids of the alerts that have been published so often, and how often in all. */
  published(type: string, rule: string): { readonly ids: ReadonlySet<string>; readonly count: number } {
    const alerts = this.stage.events.filter(
      event => event.type === type && (event.data as Alert).rule === rule,
    )
    return { ids: new Set(alerts.map(({ data }) => (data as Alert).alertId)), count: alerts.length }
  }

  #record(event: Event, minute: number): LogRecord {
    const place = { topic: this.stage.topic, timestampMs: START_MS + minute * MINUTE_MS }
    this.#offset += 1
    return logRecord(this.#offset - 1, event, place)
  }
}

function instant(minute: number): string {
  return new Date(START_MS + minute * MINUTE_MS).toISOString()
}

describe('given many entities whose timers are due in the same second', () => {
  it(`when ${MANY} are silent, then each alert fires once; when they report again, each resolves once`, async t => {
    const log = new Log(MANY)
    await log.read(0, 20)
    for (const minute of [1, 2, 3, 4, 5]) await log.tick(minute)
    assert.equal(log.published(ALERT_FIRED_TYPE, 'SILENT').count, 0, 'not at the instant, but past it')
    const before = process.cpuUsage()
    await log.tick(5.01)
    const { user, system } = process.cpuUsage(before)
    t.diagnostic(`${MANY} timers in ${Math.round((user + system) / 1000)} ms of processor time`)
    const fired = log.published(ALERT_FIRED_TYPE, 'SILENT')
    assert.deepEqual([fired.count, fired.ids.size], [MANY, MANY])
    for (const minute of [6, 7, 8]) await log.tick(minute)
    assert.equal(log.published(ALERT_FIRED_TYPE, 'SILENT').count, MANY)
    await log.read(9, 20)
    const resolved = log.published(ALERT_RESOLVED_TYPE, 'SILENT')
    assert.deepEqual([resolved.count, resolved.ids], [MANY, fired.ids])
  })

  it('when their alerts recover and nothing arrives, then each resolves once, at its instant', async () => {
    const log = new Log(MANY)
    await log.read(0, 40)
    await log.read(1, 20)
    for (let minute = 2; minute <= 13; minute += 1) await log.tick(minute)
    const resolved = log.published(ALERT_RESOLVED_TYPE, 'HOT')
    assert.deepEqual([resolved.count, resolved.ids], [MANY, log.published(ALERT_FIRED_TYPE, 'HOT').ids])
    const ends = log.stage.events
      .filter(({ type }) => type === ALERT_RESOLVED_TYPE)
      .map(({ data }) => ('endedAt' in (data as Alert) ? (data as { endedAt: string }).endedAt : ''))
    assert.deepEqual([...new Set(ends)], [instant(11)])
  })

  it('when time runs out or Kafka fails in the middle, then what is left follows, and each id is one', async () => {
    const log = new Log(MANY)
    await log.read(0, 20)
    for (const minute of [1, 2, 3, 4, 5]) await log.tick(minute)
    const record = log.ticked(5.01)
    const failing = new FailsSometimes(log.stage.publisher)
    const ends = { failed: 0, outOfTime: 0 }
    for (let isDone = false; !isDone; ) {
      assert.ok(ends.failed + ends.outOfTime < 100, 'comes to an end')
      const before = failing.failures
      let calls = 0
      const { batchItemFailures } = await log.stage.batch([record], {
        ports: { publisher: failing },
        // Enough for one commit of those that it takes.
        remainingMs: () => (++calls > 1 ? 0 : 60_000),
      })
      isDone = batchItemFailures.length === 0
      if (!isDone) ends[failing.failures > before ? 'failed' : 'outOfTime'] += 1
    }
    assert.ok(ends.failed > 0 && ends.outOfTime > 0, JSON.stringify(ends))
    const fired = log.published(ALERT_FIRED_TYPE, 'SILENT')
    assert.equal(fired.ids.size, MANY)
    const ids = log.stage.events.map(({ id }) => id)
    assert.equal(new Set(ids).size, MANY, 'what was published twice has the same id')
    assert.ok(fired.count > MANY, 'and something was')
  })
})

/** Every other time it fails, after it has published. */
class FailsSometimes implements Pick<Ports['publisher'], 'publish'> {
  readonly #publisher: MemoryPublisher
  #calls = 0
  failures = 0

  constructor(publisher: MemoryPublisher) {
    this.#publisher = publisher
  }

  async publish(records: Parameters<MemoryPublisher['publish']>[0]): Promise<void> {
    await this.#publisher.publish(records)
    this.#calls += 1
    if (this.#calls % 2 !== 0) return
    this.failures += 1
    throw new Error('the connection broke')
  }
}
