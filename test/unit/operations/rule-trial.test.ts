import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AnyRule } from '../../../lib/alerting/patterns/pattern.ts'
import { type TrialOptions, tryRules } from '../../../lib/operations/rule-trial.ts'
import { tick } from '../../../lib/telemetry/tick.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { environmentReading } from '../../support/records.ts'
import { patternOf } from '../alerting/patterns/support.ts'
import { ruleOf } from '../alerting/support.ts'

const HOT = ruleOf({ fireAbove: 40 })
const LASTING = ruleOf({
  name: 'LASTING',
  fireAbove: 40,
  for: '5m',
  staleAfter: '20m',
  labels: { team: 'ops' },
})
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000

function reading(minute: number, temperature: number, sensor = 's-1', more: Partial<Event> = {}): Event {
  return environmentReading(`${sensor} ${minute} ${temperature}`, {
    at: minute * 60,
    temperature,
    sensor,
    ...more,
  })
}

/** Each event arrives at its time. */
function tried(events: readonly Event[], rules: readonly AnyRule[], more: Partial<TrialOptions> = {}) {
  const records = events.map((event, offset) => {
    const timestampMs = Date.parse(event.time ?? '')
    return { topic: 'readings', partition: 0, offset, timestampMs, key: null, ...writeEvent(event) }
  })
  return tryRules({
    log: new MemoryLogReader(records),
    ranges: [{ topic: 'readings', partition: 0, start: 0, end: records.length }],
    rules,
    entity: '',
    untilMs: START_MS,
    stop: new AbortController().signal,
    mostTold: 1000,
    ...more,
  })
}

describe('rules that are tried on what has been read', () => {
  it('given readings, then the alerts that would have fired and resolved are shown, for each rule', async () => {
    const events = [reading(0, 20), reading(1, 45), reading(2, 30), reading(3, 50), reading(3, 41, 's-2')]
    const { rules, firings, readings, entities, span, cut } = await tried(events, [HOT, LASTING])
    assert.deepEqual(
      firings.map(({ rule, entity, fromMs, toMs, value }) => [
        ...[rule, entity, (fromMs - START_MS) / MINUTE_MS, (toMs - START_MS) / MINUTE_MS, value],
      ]),
      [
        ['HOT', '/environment/test-site s-1', 1, 2, 45],
        ['HOT', '/environment/test-site s-1', 3, Number.POSITIVE_INFINITY, 50],
        ['HOT', '/environment/test-site s-2', 3, Number.POSITIVE_INFINITY, 41],
      ],
    )
    assert.deepEqual(
      rules.map(({ rule, fired, firing, watched, entities: of }) => [rule, fired, firing, watched, of]),
      [
        ['HOT', 3, 2, 2, 2],
        ['LASTING{team="ops"}', 0, 0, 2, 0],
      ],
    )
    assert.deepEqual([readings, entities, cut], [5, 2, null])
    assert.deepEqual(span, { fromMs: START_MS, toMs: START_MS + 3 * MINUTE_MS })
  })

  it('given no further reading, then time continues to the end, and fires pending alerts', async () => {
    const events = [reading(0, 45)]
    const [before] = (await tried(events, [LASTING], { untilMs: START_MS + 4 * MINUTE_MS })).rules
    const [after] = (await tried(events, [LASTING], { untilMs: START_MS + 6 * MINUTE_MS })).rules
    assert.deepEqual([before?.fired, after?.fired], [0, 1])
  })

  it('given a gap and then readings 90 seconds apart, then the clock never counts as stopped', async () => {
    const events = [reading(0, 20), ...Array.from({ length: 20 }, (_, n) => reading(5 + n * 1.5, 20))]
    const { firings } = await tried(events, [HOT], { untilMs: START_MS + 60 * MINUTE_MS })
    assert.deepEqual(firings, [])
  })

  it('given an entity, then only its readings are tried, without ticks and other records', async () => {
    const events = [tick(0, reading(0, 1).time ?? ''), reading(0, 45), reading(0, 45, 's-2')]
    const { rules, readings } = await tried(events, [HOT], { entity: 's-2' })
    assert.deepEqual([rules[0]?.fired, rules[0]?.watched, readings], [1, 1, 1])
  })

  it('given a duplicate and a refused reading, then both are counted, and the trial continues', async () => {
    const broken = reading(1, 45, 's-2', { data: { sensorId: 's-2', temperature: 'hot' } })
    const events = [reading(0, 20), reading(0, 20), broken, reading(2, 45)]
    const { duplicates, refused, rules } = await tried(events, [HOT])
    assert.deepEqual([duplicates, refused, rules[0]?.fired], [1, 1, 1])
  })

  it('given rules that are paused, or look at groups or tables, then they are left out, and that is said', async () => {
    const ofSite = patternOf({
      ...{ count: 2, within: '1h', per: 'site' },
      of: { family: 'environment', metric: 'temperature', fireAbove: 40 },
    })
    const paused = ruleOf({ name: 'PAUSED', fireAbove: 40, paused: true })
    const ofTable = { ...HOT, name: 'TABLE', table: 't', metric: 'temperature' }
    const { rules } = await tried([reading(0, 45), reading(1, 46)], [HOT, paused, ofSite, ofTable])
    assert.deepEqual(
      rules.map(({ left, fired }) => [left, fired]),
      [
        [null, 1],
        ['paused', 0],
        ['beyond-readings', 0],
        ['beyond-readings', 0],
      ],
    )
  })

  it('given a limit of time or of alerts, then it ends there, and says so', async () => {
    const events = [reading(0, 45), reading(1, 20)]
    assert.equal((await tried(events, [HOT], { stop: AbortSignal.abort() })).cut, 'time')
    assert.equal((await tried(events, [HOT], { mostTold: 2 })).cut, 'alerts')
  })

  it('given no reading, then no alerts are shown', async () => {
    const { span, firings, rules } = await tried([], [HOT])
    assert.deepEqual([span, firings, rules[0]?.fired], [null, [], 0])
  })
})
