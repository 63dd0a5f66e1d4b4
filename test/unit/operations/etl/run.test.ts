import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Event } from '#runtime/consumer/event.ts'
import type { HistoryRow } from '../../../../lib/history/row.ts'
import { REPEATS_WITHIN } from '../../../../lib/operations/etl/history-steps.ts'
import { SqliteTarget } from '../../../../lib/warehouse/adapters/sqlite.ts'
import { WarehouseFailure, type WarehouseTarget } from '../../../../lib/warehouse/target.ts'
import { MemoryHistory } from '../../../support/memory-history.ts'
import { sampled } from '../../../support/sampled.ts'
import {
  alertEventOf,
  archive,
  historyOf,
  loaded,
  martsOf,
  NOON,
  readingOf,
} from '../../../support/warehouse-log.ts'

const READINGS = 'sluice.telemetry.readings.test'
const ALERTS = 'sluice.telemetry.alerts.test'

const folder = await mkdtemp(join(tmpdir(), 'sluice-etl-'))
after(() => rm(folder, { recursive: true }))
let files = 0
const sqlite = () => new SqliteTarget(join(folder, `${files++}.db`))

/** Hourly number of readings, by sensor. */
async function countsOf(target: WarehouseTarget): Promise<Record<string, number>> {
  const rows = await target.rows('readings_hourly')
  return Object.fromEntries(rows.map(({ sensor_id, count }) => [String(sensor_id), Number(count)]))
}

const some = (count: number, first = 0): Event[] =>
  Array.from({ length: count }, (_, index) => {
    return readingOf(`r${first + index}`, `roof-${index % 3}`, NOON + (first + index) * 1000, {
      temperature: index,
    })
  })

describe('a run of etl', () => {
  it('given new records, then it reports them, and a repeated run adds nothing', async () => {
    const store = new MemoryHistory()
    const target = sqlite()
    await archive(store, historyOf(READINGS, [...some(6), undefined]))
    await archive(store, historyOf(ALERTS, [alertEventOf('fired', 'a')]))
    const run = await loaded(store, target)
    assert.deepEqual([run.outcome, run.records, run.repeated, run.missing], ['completed', 8, 0, []])
    assert.deepEqual(run.martRows, { readings_hourly: 3, readings_daily: 3, alerts: 1 })
    const before = await martsOf(target)
    const again = await loaded(store, target)
    assert.deepEqual([again.records, again.martRows], [0, {}])
    assert.deepEqual(await martsOf(target), before)
  })

  it('given a repeated event within the bound, then it counts once, in whatever run it comes', async () => {
    for (const runs of [1, 2]) {
      const store = new MemoryHistory()
      const target = sqlite()
      const same = readingOf('same', 'a', NOON, { temperature: 1 })
      await archive(store, historyOf(READINGS, [same, ...some(3)]))
      if (runs === 2) await loaded(store, target)
      const last = REPEATS_WITHIN
      await archive(store, historyOf(READINGS, [same], { first: last }))
      await archive(store, historyOf(READINGS, [same], { first: 2 * last + 1 }))
      await loaded(store, target)
      // The third one is more than the bound after the second one.
      assert.equal((await countsOf(target)).a, 2)
    }
  })

  it('given missing offsets, then they are reported, and the records after them count', async () => {
    const store = new MemoryHistory()
    const target = sqlite()
    for (const first of [5, 20]) await archive(store, historyOf(READINGS, some(3, first), { first }))
    const run = await loaded(store, target)
    const range = { table: 'readings', topic: READINGS, partition: 0 }
    assert.deepEqual(run.missing, [{ ...range, from: 8, to: 19 }])
    await archive(store, historyOf(READINGS, some(1, 30), { first: 30 }))
    assert.deepEqual((await loaded(store, target)).missing, [{ ...range, from: 23, to: 29 }])
    assert.equal(
      Object.values(await countsOf(target)).reduce((a, b) => a + b),
      7,
    )
  })

  it('given a damaged object, then the others are loaded, the run fails by name, and continues there', async () => {
    const store = new MemoryHistory()
    const target = sqlite()
    await archive(store, historyOf(READINGS, some(3)))
    const damaged = await archive(store, historyOf(READINGS, some(3, 3), { first: 3 }))
    await archive(store, historyOf(READINGS, some(3), { partition: 1 }))
    const bytes = (await store.get(damaged)) as Buffer
    await store.put(damaged, bytes.subarray(0, 40))
    const run = await loaded(store, target)
    assert.equal(run.outcome, 'failed')
    assert.ok(run.reason?.includes(damaged))
    assert.equal(run.records, 6)
    await store.put(damaged, bytes)
    assert.deepEqual([(await loaded(store, target)).records, (await loaded(store, target)).records], [3, 0])
  })

  it('given too little time, then it stops between steps, and the partition that waits comes first', async () => {
    const store = new MemoryHistory()
    const target = sqlite()
    for (const partition of [0, 1, 2]) await archive(store, historyOf(READINGS, some(3), { partition }))
    const seen: number[] = []
    for (let first = 3; first < 12; first += 3) {
      const before = seen.length
      const remainingMs = () => (seen.length === before ? 70_000 : 50_000)
      const onStep = ({ partition }: { partition: number }) => void seen.push(partition)
      const { outcome } = await loaded(store, target, { remainingMs, onStep })
      assert.equal(outcome, 'partial')
      await archive(store, historyOf(READINGS, some(3, first), { first }))
    }
    assert.deepEqual(seen.toSorted(), [0, 1, 2])
  })

  it('given a storm of alerts in one object, then it is loaded in steps, and each alert counts once', async () => {
    const store = new MemoryHistory()
    const count = 60_000
    const [template] = historyOf(ALERTS, [alertEventOf('fired', 'a')])
    const { event, ...place } = template as HistoryRow & { readonly event: Event }
    const rows = Array.from({ length: count }, (_, offset) => {
      const alertId = `storm ${offset}`
      return {
        ...place,
        offset,
        event: { ...event, id: alertId, data: { ...(event.data as object), alertId } },
      }
    })
    await archive(store, rows)
    const steps: number[] = []
    const target = sqlite()
    await loaded(store, target, { onStep: ({ records }) => void steps.push(records) })
    // The contents of a step are in memory together.
    assert.deepEqual(steps, [50_000, 10_000])
    assert.equal((await target.rows('alerts')).length, count)
    await target.close()
  })

  it('given a file that cannot be opened, then the run fails, and says what to do', async () => {
    const target = new SqliteTarget(join(folder, 'missing', 'file.db'))
    await assert.rejects(
      loaded(new MemoryHistory(), target),
      (error: Error) =>
        error instanceof WarehouseFailure && /file\.db.*Create its folder/.test(error.message),
    )
  })
})

/** Error that stands for a killed process. */
class Killed extends Error {}

/** Returns a proxy whose calls are counted. Call number `at` fails, before or after its effect. */
function killable<T extends object>(subject: T, calls: { count: number; at: number; isAfter: boolean }): T {
  return new Proxy(subject, {
    get(from, name) {
      const value = Reflect.get(from, name, from)
      if (typeof value !== 'function' || !['get', 'apply', 'watermarks'].includes(String(name)))
        return typeof value === 'function' ? value.bind(from) : value
      return async (...args: unknown[]) => {
        const isLast = ++calls.count === calls.at
        if (isLast && !calls.isAfter) throw new Killed()
        const result = await value.apply(from, args)
        if (isLast) throw new Killed()
        return result
      }
    },
  })
}

describe('a run that is killed', () => {
  async function history(store: MemoryHistory): Promise<void> {
    await archive(store, historyOf(READINGS, some(9)))
    await archive(store, historyOf(READINGS, some(9, 5), { first: 9 }))
    await archive(store, historyOf(READINGS, some(9, 40), { partition: 1 }))
    const alerts = [alertEventOf('fired', 'a'), alertEventOf('resolved', 'a', { atMs: NOON + 9_000 })]
    await archive(store, historyOf(ALERTS, alerts))
  }

  it('given a kill at any call, then the next run adds the rest once', async () => {
    const whole = new MemoryHistory()
    await history(whole)
    const late = historyOf(READINGS, some(4, 60), { first: 18 })
    await archive(whole, late)
    const target = sqlite()
    await loaded(whole, target)
    const expected = await martsOf(target)
    for (const isAfter of [false, true])
      for (let at = 1; ; at++) {
        const store = new MemoryHistory()
        const target = sqlite()
        await history(store)
        const isKilled = await loaded(store, killable(target, { count: 0, at, isAfter })).then(
          () => false,
          error => {
            if (error instanceof Killed) return true
            throw error
          },
        )
        await archive(store, late)
        await loaded(store, target)
        assert.deepEqual(await martsOf(target), expected, `call ${at}`)
        await target.close()
        if (!isKilled) {
          assert.ok(at > 3)
          break
        }
      }
  })
})

describe('the marts of a log', () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('reading' as const),
        id: fc.nat(40),
        sensor: fc.nat(2),
        second: fc.nat(200_000),
        value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('other' as const) }) },
  )
  const alert = fc.record({
    kind: fc.constantFrom('fired', 'resolved'),
    alert: fc.nat(3),
    second: fc.nat(100_000),
    id: fc.nat(20),
  })
  const logs = fc.record({
    readings: fc.array(fc.record({ event, partition: fc.nat(1), cut: fc.nat(5), run: fc.nat(4) }), {
      minLength: 1,
      maxLength: 60,
    }),
    alerts: fc.array(fc.record({ event: alert, cut: fc.nat(3), run: fc.nat(3) }), {
      minLength: 1,
      maxLength: 25,
    }),
  })

  it('given any division into objects and runs, then they are the same as in one run', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async log => {
        const [once, often] = [new MemoryHistory(), new MemoryHistory()]
        const first = sqlite()
        const second = sqlite()
        const readings = log.readings.map(({ event, partition, cut, run }) => ({
          event: readingIn(event),
          partition,
          isCut: cut === 0,
          isRun: run === 0,
        }))
        for (const partition of [0, 1]) {
          const own = readings.filter(one => one.partition === partition)
          if (own.length > 0)
            await archive(
              once,
              historyOf(
                READINGS,
                own.map(one => one.event),
                { partition },
              ),
            )
        }
        const alerts = log.alerts.map(({ event: { kind, alert, second, id }, cut, run }) => {
          const event = alertEventOf(kind, `a${alert}`, { atMs: NOON + second * 1000, id: `${id}` })
          return { event, partition: 0, isCut: cut === 0, isRun: run === 0 }
        })
        await archive(
          once,
          historyOf(
            ALERTS,
            alerts.map(one => one.event),
          ),
        )
        await loaded(once, first)
        for (const [topic, all] of [
          [READINGS, readings],
          [ALERTS, alerts],
        ] as const)
          await inParts(topic, all, often, async () => void (await loaded(often, second)))
        await loaded(often, second)
        const expected = await martsOf(first)
        assert.ok(expected.alerts?.length)
        assert.deepEqual(await martsOf(second), expected)
        await Promise.all([first.close(), second.close()])
      }),
      { numRuns: sampled(25) },
    )
  })

  type Part = {
    readonly event: Event | undefined
    readonly partition: number
    readonly isCut: boolean
    readonly isRun: boolean
  }

  async function inParts(
    topic: string,
    all: readonly Part[],
    store: MemoryHistory,
    run: () => Promise<void>,
  ): Promise<void> {
    const waiting = new Map<number, (Event | undefined)[]>()
    const next = new Map<number, number>()
    const write = async (partition: number) => {
      const events = waiting.get(partition) ?? []
      const first = next.get(partition) ?? 0
      if (events.length > 0) await archive(store, historyOf(topic, events, { partition, first }))
      waiting.set(partition, [])
      next.set(partition, first + events.length)
    }
    for (const { event, partition, isCut, isRun } of all) {
      waiting.set(partition, [...(waiting.get(partition) ?? []), event])
      if (isCut || isRun) await write(partition)
      if (isRun) await run()
    }
    for (const partition of waiting.keys()) await write(partition)
  }

  function readingIn(event: {
    kind: string
    id?: number
    sensor?: number
    second?: number
    value?: number
  }): Event | undefined {
    if (event.kind === 'other') return undefined
    const { id, sensor, second = 0, value } = event
    return readingOf(`${id}`, `roof-${sensor}`, NOON + second * 1000, { temperature: value, humidity: 50 })
  }
})
