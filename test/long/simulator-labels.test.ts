import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type InjectedAnomaly, labelsOf } from '../../lib/telemetry/simulator/labels.ts'
import { GENERATOR_DEFAULTS, type GeneratorSettings } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'

const T0 = Date.UTC(2026, 0, 1) / 1000 / GENERATOR_DEFAULTS.tickSeconds
const TICKS = 1200

type Values = Readonly<Record<string, unknown>>
const eventsOf = (settings: GeneratorSettings, from: number, until: number) =>
  [...simulate(settings, from, until)].map(({ event }) => event)

/** Whether a label says that this metric of the event is not what it would have been. */
type IsLabelled = (event: Event, metric: string) => boolean

function isLabelledBy(labels: readonly InjectedAnomaly[]): IsLabelled {
  const byMetric = Map.groupBy(labels, ({ entity, metric }) => `${entity} ${metric}`)
  return (event, metric) =>
    (byMetric.get(`${event.subject} ${metric}`) ?? []).some(
      ({ from, to }) => from <= (event.time ?? '') && (event.time ?? '') <= to,
    )
}

for (const anomalyRate of [0.4, 1])
  describe(`given a share of ${anomalyRate} of the windows with an anomaly, beside a simulation without`, () => {
    const settings = { ...GENERATOR_DEFAULTS, anomalyRate }
    const labels = [...labelsOf(settings, T0, T0 + TICKS)]
    const events = eventsOf(settings, T0, T0 + TICKS)
    const isLabelled = isLabelledBy(labels)
    const calm = eventsOf({ ...settings, anomalyRate: 0 }, T0, T0 + TICKS).map(({ data }) => data as Values)
    const pairs = events.flatMap((event, index) =>
      Object.entries(event.data as Values).map(([metric, value]) => ({
        event,
        metric,
        isSame: JSON.stringify(value) === JSON.stringify(calm[index]?.[metric]),
        isLabelled: isLabelled(event, metric),
      })),
    )

    it('then there are labels of every kind, and each is of a metric that a reading has', () => {
      const kinds = [...new Set(labels.map(({ kind }) => kind))].sort()
      assert.deepEqual(kinds, [
        ...['dry-air', 'fall', 'fog', 'frost', 'heat', 'high-pressure'],
        ...['replication-stall', 'runaway-query', 'storm'],
      ])
      for (const { entity, metric } of labels)
        assert.ok(pairs.some(pair => pair.event.subject === entity && pair.metric === metric))
    })

    it('then outside of the labels every value is the same', () => {
      const outside = pairs.filter(pair => !pair.isLabelled)
      assert.ok(outside.length > 1000)
      assert.deepEqual(
        outside.filter(({ isSame }) => !isSame),
        [],
      )
    })

    it('then inside of them the values differ, at both ends without exception', () => {
      const inside = pairs.filter(pair => pair.isLabelled)
      assert.ok(inside.length > 1000)
      // Between the ends, the value to which an anomaly drives a metric can be the one that it would have had.
      assert.ok(inside.filter(({ isSame }) => isSame).length < 0.01 * inside.length)
      for (const { entity, metric, from, to } of labels)
        for (const end of [from, to]) {
          const found = pairs.find(
            pair => pair.event.time === end && pair.event.subject === entity && pair.metric === metric,
          )
          assert.equal(found?.isSame, false, `${entity} ${metric} ${end}`)
        }
    })

    it('when only a part is simulated, then its labels are those of the whole, cut at its ends', () => {
      const [from, until] = [T0 + 500, T0 + 517]
      const [startMs, endMs] = [from, until - 1].map(tick => tick * settings.tickSeconds * 1000) as [
        number,
        number,
      ]
      const whole = labels.filter(label => Date.parse(label.to) >= startMs && Date.parse(label.from) <= endMs)
      const part = [...labelsOf(settings, from, until)]
      const named = (all: readonly InjectedAnomaly[]) =>
        all.map(({ entity, metric, kind }) => `${entity} ${metric} ${kind}`).sort()
      assert.ok(part.length > 0)
      assert.deepEqual(named(part), named(whole))
      for (const { from, to } of part)
        assert.ok(
          startMs <= Date.parse(from) && Date.parse(from) <= Date.parse(to) && Date.parse(to) <= endMs,
        )
    })
  })

describe('given a simulation without anomalies', () => {
  it('then there are no labels', () => {
    assert.deepEqual([...labelsOf({ ...GENERATOR_DEFAULTS, anomalyRate: 0 }, T0, T0 + TICKS)], [])
  })
})
