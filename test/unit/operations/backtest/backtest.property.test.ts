import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import type { AnyRule } from '../../../../lib/alerting/patterns/pattern.ts'
import { type Backtest, backtest } from '../../../../lib/operations/backtest/backtest.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import {
  ALERTS,
  alertingLog,
  alertRecord,
  EVERY_KIND,
  publishedAlerts,
  rulesFrom,
} from '../../../support/alerting-log.ts'
import { FolderHistoryStore } from '../../../support/folder-history.ts'
import { addObject } from '../../../support/memory-history.ts'
import { Random } from '../../../support/random.ts'
import { TOPIC } from '../../../support/records.ts'
import { seeds } from '../../../support/sampled.ts'

const SEEDS = seeds(25)
const SETTINGS = { env: 'test', idWindowMs: 900_000, futureToleranceMs: 300_000 }
const DAY_MS = 86_400_000
const FIRST_MS = Date.parse('2026-03-01T00:00:00Z')
const RANGE = { sinceMs: FIRST_MS, untilMs: FIRST_MS + 30 * DAY_MS, topics: [TOPIC] }

describe('a back-test over history and log', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backtest-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it(`given ${SEEDS} archived logs and the rules of then, then each alert is one that fired, and no other`, async () => {
    let alerts = 0
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = new Random(seed)
      const logs = [0, 1].map(partition =>
        inPartition(alertingLog(random, random.between(60, 300), EVERY_KIND, `site-${partition}`), partition),
      )
      const { result } = await tried(join(folder, String(seed)), random, logs)
      const differing = result.alerts.filter(one => !one.tried || !one.other || one.differences.length > 0)
      assert.deepEqual(differing, [], `seed ${seed}`)
      alerts += result.alerts.length
    }
    assert.ok(alerts > 10 * SEEDS, `${alerts} alerts`)
  })

  it('given other rules, then the alerts of both are compared', async () => {
    const random = new Random(7)
    const logs = [inPartition(alertingLog(random, 300, EVERY_KIND), 0)]
    const rules = rulesFrom([{ name: 'NOW', fireAbove: 50 }])
    const more = [...rules, ...rulesFrom([{ name: 'MORE', fireAbove: 60 }])]
    const { result } = await tried(join(folder, 'other'), random, logs, rules, more)
    const { both, onlyTried, onlyOther } = result.counts
    assert.ok(both > 0 && onlyTried === 0 && onlyOther > 0, JSON.stringify(result.counts))
    assert.ok(result.alerts.every(({ rule, tried: own }) => (rule === 'MORE') === (own === null)))
  })

  it('given a rule over a table, then it is not tried, and that is reported', async () => {
    const random = new Random(7)
    const logs = [inPartition(alertingLog(random, 100, EVERY_KIND), 0)]
    const [rule] = rulesFrom([{ name: 'TABLE', fireAbove: 50 }])
    const { result } = await tried(join(folder, 'table'), random, logs, [{ ...rule, table: 't' } as AnyRule])
    assert.deepEqual([result.untried, result.counts.onlyTried], [['TABLE'], 0])
  })

  it('given offsets that are missing everywhere, then they are reported', async () => {
    const random = new Random(3)
    const log = inPartition(alertingLog(random, 200, EVERY_KIND), 0)
    const store = new FolderHistoryStore(join(folder, 'missing'))
    await addObject(store, 'readings', log.slice(0, 50))
    await addObject(store, 'readings', log.slice(80))
    const all = { rules: EVERY_KIND, against: EVERY_KIND, settings: SETTINGS }
    const { missing } = await backtest({ store }, all, RANGE, new AbortController().signal)
    const [fromOffset, toOffset] = [(log[49]?.offset ?? 0) + 1, (log[80]?.offset ?? 0) - 1]
    assert.deepEqual(missing, [{ topic: TOPIC, partition: 0, fromOffset, toOffset }])
  })
})

/** Archives the first records of each log in objects of random sizes, some of them compacted or twice. The log has the rest. */
async function tried(
  folder: string,
  random: Random,
  logs: readonly (readonly LogRecord[])[],
  rules = EVERY_KIND,
  against?: typeof EVERY_KIND,
): Promise<{ readonly result: Backtest }> {
  const store = new FolderHistoryStore(folder)
  const fired: Alert[] = []
  const live: LogRecord[] = []
  for (const log of logs) {
    fired.push(...(await publishedAlerts(log, rules, SETTINGS)).alerts)
    const archivedTo = random.between(0, log.length)
    for (let start = 0; start < archivedTo; ) {
      const end = Math.min(archivedTo, start + random.between(1, 120))
      await addObject(store, 'readings', log.slice(start, end), random.pick(['parts', 'compacted']))
      if (random.chance(0.2))
        await addObject(store, 'readings', log.slice(start, Math.min(archivedTo, end + 20)), 'parts')
      start = end
    }
    live.push(...log.slice(Math.max(0, archivedTo - random.between(0, 30))))
  }
  live.push(...fired.map(alertRecord))
  const bounds = (topic: string, partition: number) => {
    const own = live
      .filter(one => one.topic === topic && one.partition === partition)
      .map(({ offset }) => offset)
    return { start: Math.min(...own), end: Math.max(...own) + 1 }
  }
  const reach = async (topic: string) => {
    const partitions = topic === ALERTS ? [0] : logs.map((_, partition) => partition)
    const all = partitions
      .map(partition => bounds(topic, partition))
      .map(one => (Number.isFinite(one.start) ? one : { start: 0, end: 0 }))
    return { bounds: all, atTime: all.map(({ start }) => start) }
  }
  const log = { reader: new MemoryLogReader(live, 40), reach }
  const stop = new AbortController().signal
  return { result: await backtest({ store, log }, { rules, against, settings: SETTINGS }, RANGE, stop) }
}

function inPartition(log: readonly LogRecord[], partition: number): readonly LogRecord[] {
  return log.map(record => ({ ...record, partition }))
}
