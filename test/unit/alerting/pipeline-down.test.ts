/** One alert for a stalled pipeline, and none for the entities that therefore do not report. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { lastTick, tick } from '../../../lib/telemetry/tick.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const RULES = (['ok', 'alert', 'no-data'] as const).map(onSilence =>
  createRule({
    name: onSilence.toUpperCase().replace('-', '_'),
    fireAbove: 40,
    staleAfter: '15m',
    onSilence,
  }),
)

/** Ticks and readings are appended when they happen; `at` counts minutes. */
class Pipeline {
  readonly stage: Stage
  #offset = 0

  constructor(rules = RULES) {
    this.stage = new Stage(alerting(FAMILIES, rules) as never)
  }

  async ticks(from: number, to: number, partition = 0): Promise<void> {
    for (let at = from; at <= to; at += 1)
      await this.append(at, tick(partition, new Date(NOON + at * 60_000).toISOString()))
  }

  read(at: number, sensor: string, temperature = 20): Promise<void> {
    return this.append(at, reading(`${sensor} ${at}`, { sensor, at: at * 60, temperature }))
  }

  /** @param jitterMs how much later the record arrives */
  async append(at: number, event: Event, jitterMs = 0): Promise<void> {
    await this.stage.batch([logRecord(this.#offset, event, { timestampMs: NOON + at * 60_000 + jitterMs })])
    this.#offset += 1
  }

  get alerts(): readonly Alert[] {
    return this.stage.events.map(({ data }) => data as Alert)
  }

  /** `HH:MM rule status reason` of each, by when it began or ended. */
  get told(): readonly string[] {
    return this.alerts.map(alert => {
      const at = alert.status === 'firing' ? alert.startedAt : alert.endedAt
      return `${at.slice(11, 16)} ${alert.rule} ${alert.status} ${alert.reason}`
    })
  }
}

describe('given a pipeline that ticks each minute', () => {
  it('when it does so for hours, then no alert fires, and ticks are ignored as ever', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 180)
    assert.deepEqual(pipeline.told, [])
    assert.deepEqual([...new Set(pipeline.stage.outcomes)], ['ignored/tick'])
  })

  it('when it is stopped on purpose for a day, then no alert fires, and a kill after the next start is told', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 10)
    await pipeline.append(10, lastTick(0, new Date(NOON + 10.5 * 60_000).toISOString()), 30_000)
    await pipeline.ticks(24 * 60, 24 * 60 + 5)
    assert.deepEqual(pipeline.told, [])
    await pipeline.ticks(24 * 60 + 65, 24 * 60 + 65)
    assert.deepEqual(pipeline.told, [
      '12:10 PIPELINE_DOWN firing no-ticks',
      '13:05 PIPELINE_DOWN resolved ticks-returned',
    ])
  })

  it('when it is stopped on purpose while the alert fires, then the alert stays until a tick returns', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 0)
    for (const at of [3, 6, 9]) await pipeline.read(at, 's')
    assert.deepEqual(pipeline.told, ['12:05 PIPELINE_DOWN firing no-ticks'])
    await pipeline.append(30, lastTick(0, new Date(NOON + 30 * 60_000).toISOString()))
    assert.equal(pipeline.told.length, 1)
    await pipeline.ticks(90, 90)
    assert.deepEqual(pipeline.told.slice(1), ['13:30 PIPELINE_DOWN resolved ticks-returned'])
  })

  it('when all of it stops for an hour, then one alert fires and resolves, and no entity counts as silent', async () => {
    const pipeline = new Pipeline()
    await pipeline.read(0, 'a', 50)
    await pipeline.read(0, 'b')
    await pipeline.ticks(1, 3)
    const before = pipeline.told.length
    await pipeline.read(63, 'a', 50)
    await pipeline.ticks(63, 64)
    await pipeline.read(64, 'b')
    assert.deepEqual(pipeline.told.slice(before), [
      '12:08 PIPELINE_DOWN firing no-ticks',
      '13:03 PIPELINE_DOWN resolved ticks-returned',
    ])
    assert.equal(pipeline.alerts.at(-1)?.alertId, pipeline.alerts.at(-2)?.alertId)
  })

  it('when an entity does not come back with it, then its silence counts from what the log has seen', async () => {
    const pipeline = new Pipeline()
    await pipeline.read(0, 'b')
    await pipeline.ticks(1, 3)
    await pipeline.ticks(63, 73)
    assert.deepEqual(pipeline.told, [
      '12:08 PIPELINE_DOWN firing no-ticks',
      '13:03 PIPELINE_DOWN resolved ticks-returned',
    ])
    await pipeline.ticks(74, 90)
    assert.deepEqual(pipeline.told.slice(2), ['12:15 ALERT firing silent', '12:15 NoData firing silent'])
  })

  it('when ticks stop and readings go on, then it fires by them, and the next tick resolves it', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 1)
    for (let at = 2; at <= 20; at += 1) await pipeline.read(at, 'a')
    assert.deepEqual(pipeline.told, ['12:06 PIPELINE_DOWN firing no-ticks'])
    await pipeline.ticks(21, 22)
    assert.deepEqual(pipeline.told.slice(1), ['12:21 PIPELINE_DOWN resolved ticks-returned'])
  })

  it('when ticks stop again, then that is another alert', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 1)
    await pipeline.ticks(30, 31)
    await pipeline.ticks(60, 61)
    assert.deepEqual(
      pipeline.told.map(text => text.slice(0, 5)),
      ['12:06', '12:30', '12:36', '13:00'],
    )
    assert.equal(new Set(pipeline.alerts.map(({ alertId }) => alertId)).size, 2)
    assert.equal(new Set(pipeline.alerts.map(({ fingerprint }) => fingerprint)).size, 1)
  })

  it('when one outage meets several partitions, then it is one alert in all of them', async () => {
    const ids = new Set<string>()
    for (const [partition, jitterMs] of [0, 700, 59_000].entries()) {
      const pipeline = new Pipeline()
      for (const at of [0, 1, 40])
        await pipeline.append(at, tick(partition, new Date(NOON + at * 60_000).toISOString()), jitterMs)
      assert.equal(pipeline.alerts.length, 2)
      assert.deepEqual(
        pipeline.alerts.map(({ startedAt }) => startedAt),
        ['2026-03-01T12:06:00.000Z', '2026-03-01T12:06:00.000Z'],
      )
      for (const { alertId } of pipeline.alerts) ids.add(alertId)
    }
    assert.equal(ids.size, 1)
  })

  it('when partitions of two topics receive the same tick at different times, then no two events have the same id', async () => {
    const events: Event[] = []
    for (const jitterMs of [0, 700]) {
      const pipeline = new Pipeline()
      await pipeline.ticks(0, 1)
      await pipeline.append(40, tick(0, new Date(NOON + 40 * 60_000).toISOString()), jitterMs)
      events.push(...pipeline.stage.events.filter(({ data }) => (data as Alert).status === 'resolved'))
    }
    assert.equal(new Set(events.map(({ id }) => id)).size, 2)
  })

  it('when it fires, then what is published keeps to the schemas', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 0)
    await pipeline.ticks(40, 40)
    for (const { type, data } of pipeline.stage.events)
      assert.equal(schemaViolation(FAMILIES, type as never, data), undefined)
    const [fired] = pipeline.alerts
    assert.deepEqual(
      [fired?.severity, fired?.entity, fired?.family, fired?.activeAt],
      ['critical', { source: '/clock' }, undefined, '2026-03-01T12:00:00.000Z'],
    )
  })

  it('when the schedule repeats an old run, then the outage is still named by the latest tick', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 3)
    await pipeline.append(3, tick(0, '2026-03-01T12:01:00Z'))
    await pipeline.ticks(40, 40)
    assert.equal(pipeline.alerts[0]?.activeAt, '2026-03-01T12:03:00.000Z')
  })

  it('when the first tick after an outage is an old run, then the outage ends no earlier than it came', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 1)
    await pipeline.append(60, tick(0, '2026-03-01T12:02:00Z'))
    assert.deepEqual(pipeline.told, [
      '12:06 PIPELINE_DOWN firing no-ticks',
      '13:00 PIPELINE_DOWN resolved ticks-returned',
    ])
  })

  it('when an old run ends an outage, then the next outage is another alert', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 3)
    await pipeline.append(60, tick(0, '2026-03-01T12:01:00Z'))
    await pipeline.append(120, tick(0, '2026-03-01T12:02:00Z'))
    assert.equal(pipeline.alerts.length, 4)
    assert.equal(new Set(pipeline.alerts.map(({ alertId }) => alertId)).size, 2)
  })

  it("when a client sends a tick of the year 2099, then outages are named by the log's own times", async () => {
    const pipeline = new Pipeline()
    await pipeline.append(0, tick(0, '2099-01-01T00:00:00Z'))
    await pipeline.ticks(30, 31)
    await pipeline.append(60, tick(0, '2099-01-01T00:00:00Z'))
    assert.deepEqual(
      pipeline.told.map(text => text.slice(0, 5)),
      ['12:05', '12:30', '12:36', '13:00'],
    )
    assert.equal(new Set(pipeline.alerts.map(({ alertId }) => alertId)).size, 2)
  })

  it('when a client sends readings as the clock, then they are refused, and its state is left alone', async () => {
    const pipeline = new Pipeline()
    await pipeline.ticks(0, 1)
    const { subject: _, ...nameless } = reading('x', { at: 120 })
    await pipeline.append(2, { ...nameless, source: '/clock' })
    assert.equal(pipeline.stage.outcomes.at(-1), 'failed/rejected')
    await pipeline.ticks(3, 4)
    assert.ok(pipeline.stage.outcomes.slice(-2).every(outcome => outcome === 'ignored/tick'))
  })

  it('when another client sends ticks, then they keep no state', async () => {
    const pipeline = new Pipeline()
    await pipeline.append(0, { ...tick(0, '2026-03-01T12:00:00Z'), source: '/else' })
    assert.equal(await pipeline.stage.state('/else '), undefined)
  })
})

describe('given an entity whose metrics come in readings of their own', () => {
  /** Reports only humidity after the hour in which the log had stopped. */
  async function afterTheHole(first: readonly [at: number, temperature: number][], rules = RULES) {
    const pipeline = new Pipeline(rules)
    await pipeline.ticks(0, 0)
    for (const [at, temperature] of first) await pipeline.read(at, 'a', temperature)
    await pipeline.ticks(2, 2)
    const { data } = reading('x')
    const { temperature: _, ...others } = data as { temperature: number }
    const event = reading('humid', { sensor: 'a', at: 62 * 60 })
    await pipeline.append(62, { ...event, data: { ...others, humidity: 50 } })
    return pipeline
  }

  it('when another metric comes back first, then that does not make the silence of this one known', async () => {
    const pipeline = await afterTheHole([[1, 50]])
    const before = pipeline.told.length
    await pipeline.ticks(62, 70)
    await pipeline.read(71, 'a', 50)
    await pipeline.ticks(71, 72)
    assert.deepEqual(
      pipeline.told.slice(before).filter(text => !text.includes('PIPELINE_DOWN')),
      [],
    )
  })

  it('when this one does not return, then its silence fires once the log has seen enough of it', async () => {
    const pipeline = await afterTheHole([[1, 50]])
    const before = pipeline.told.length
    await pipeline.ticks(62, 90)
    assert.deepEqual(
      pipeline.told.slice(before).filter(text => !text.includes('PIPELINE_DOWN')),
      ['12:16 OK resolved silent', '12:16 NoData firing silent'],
    )
  })

  it('when an alert has ended in between by time, then an earlier silence fires once, after it', async () => {
    const kept = { fireAbove: 40, keepFiringFor: '20m', staleAfter: '15m', onSilence: 'no-data' }
    const pipeline = await afterTheHole(
      [
        [0, 50],
        [1, 20],
      ],
      [createRule(kept)],
    )
    await pipeline.ticks(62, 90)
    assert.deepEqual(
      pipeline.told.filter(text => !text.includes('PIPELINE_DOWN')),
      ['12:00 HOT firing condition', '12:21 HOT resolved cleared', '12:21 NoData firing silent'],
    )
    const timers = pipeline.stage.outcomes.filter(outcome => outcome.startsWith('timer/'))
    assert.ok(timers.length < 20, `${timers.length} timers`)
  })
})

describe('given that alerting itself was down for an hour', () => {
  it('when it reads its backlog, then no silence fires that the backlog disproves', async () => {
    const live = new Pipeline()
    const records = []
    let offset = 0
    for (let at = 0; at <= 60; at += 1) {
      const place = { timestampMs: NOON + at * 60_000 }
      records.push(logRecord(offset++, tick(0, new Date(NOON + at * 60_000).toISOString()), place))
      if (at % 10 === 0)
        records.push(
          logRecord(offset++, reading(`a ${at}`, { sensor: 'a', at: at * 60, temperature: 50 }), place),
        )
    }
    await live.stage.batch(records)
    assert.deepEqual(
      live.told.map(text => text.slice(6)),
      ['OK firing condition', 'ALERT firing condition', 'NO_DATA firing condition'],
    )
  })
})
