import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import type { LogRecord } from '#runtime/cloudevents'
import { TOPIC } from '#runtime/test/support/records'
import { MemoryLogReader, Random } from '#runtime/testing'
import { type Tried, type TriedAlert, tryRules } from '../../../../../control/trials/try-rules/try-rules.ts'
import type { Alert } from '../../../../../lib/alerting/alert.ts'
import { collectFirings } from '../../../../../lib/alerting/firings.ts'
import type { AnyRule } from '../../../../../lib/alerting/patterns/pattern.ts'
import {
  ALERTS,
  alertingLog,
  alertRecord,
  EVERY_KIND,
  publishedAlerts,
  rulesFrom,
} from '../../../../support/alerting-log.ts'
import { VOCABULARY } from '../../../../support/families.ts'
import { FolderHistoryStore } from '../../../../support/folder-history.ts'
import { addObject } from '../../../../support/memory-history.ts'

const SEEDS = seeds(25)
const SETTINGS = { ...VOCABULARY, env: 'test', idWindowMs: 900_000, futureToleranceMs: 300_000 }
const DAY_MS = 86_400_000
const FIRST_MS = Date.parse('2026-03-01T00:00:00Z')
const RANGE = { sinceMs: FIRST_MS, untilMs: FIRST_MS + 30 * DAY_MS }

describe('rules that are tried on history and log', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'try-rules-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it(`given ${SEEDS} archived logs and the rules of then, then each alert is one that fired, and no other`, async () => {
    let alerts = 0
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = new Random(seed)
      const logs = [0, 1].map(partition =>
        inPartition(alertingLog(random, random.between(60, 300), EVERY_KIND, `site-${partition}`), partition),
      )
      const { result, fired } = await tried(join(folder, String(seed)), random, logs)
      assert.deepEqual(inOrder(result.alerts), inOrder(fired), `seed ${seed}`)
      for (const { rule, alerts: own, fired: real, left } of result.rules)
        assert.ok(left === 'paused' || own === real, `seed ${seed}: ${rule} ${own} ${real}`)
      alerts += fired.length
    }
    assert.ok(alerts > 10 * SEEDS, `${alerts} alerts`)
  })

  it('given other rules, then their alerts are beside the number that really fired', async () => {
    const random = new Random(7)
    const logs = [inPartition(alertingLog(random, 300, EVERY_KIND), 0)]
    const rules = rulesFrom([
      { name: 'NOW', fireAbove: 50 },
      { name: 'MORE', fireAbove: 60 },
    ])
    const { result } = await tried(join(folder, 'other'), random, logs, rules)
    const [now, more] = result.rules
    assert.ok(now && now.alerts > 0 && now.alerts === now.fired, JSON.stringify(now))
    assert.ok(more && more.alerts > 0 && more.fired === 0, JSON.stringify(more))
    assert.equal(
      now.entities,
      new Set(result.alerts.flatMap(alert => (alert.rule === 'NOW' ? [alert.entity] : []))).size,
    )
  })

  it('given a text, then only the readings of entities with it are tried', async () => {
    const random = new Random(7)
    const logs = [inPartition(alertingLog(random, 300, EVERY_KIND), 0)]
    const { result } = await tried(
      join(folder, 'entity'),
      random,
      logs,
      rulesFrom([{ name: 'NOW', fireAbove: 50 }]),
      ' a',
    )
    const own = result.alerts.filter(({ rule }) => rule === 'NOW')
    assert.ok(own.length > 0)
    assert.deepEqual([...new Set(own.map(({ entity }) => entity))], ['/environment/oslo a'])
    assert.equal(result.rules[0]?.fired, own.length)
  })

  it('given rules that are paused, or over a table, then they are not tried, and that is reported', async () => {
    const random = new Random(7)
    const logs = [inPartition(alertingLog(random, 100, EVERY_KIND), 0)]
    const [rule] = rulesFrom([{ name: 'TABLE', fireAbove: 50 }])
    const rules = [{ ...rule, table: 't' } as AnyRule, { ...rule, name: 'PAUSED', paused: true } as AnyRule]
    const { result } = await tried(join(folder, 'table'), random, logs, rules)
    assert.deepEqual(
      result.rules.map(({ left, alerts }) => [left, alerts]),
      [
        ['beyond-readings', 0],
        ['paused', 0],
      ],
    )
  })

  // Promise docs/history.md#rules-against-the-past | Offsets that are missing are named.
  it('given offsets that are missing everywhere, then they are reported', async () => {
    const random = new Random(3)
    const log = inPartition(alertingLog(random, 200, EVERY_KIND), 0)
    const store = new FolderHistoryStore(join(folder, 'missing'))
    await addObject(store, 'readings', log.slice(0, 50))
    await addObject(store, 'readings', log.slice(80))
    const { missing } = await tryRules({ store }, runTrial(EVERY_KIND), RANGE, new AbortController().signal)
    const [fromOffset, toOffset] = [(log[49]?.offset ?? 0) + 1, (log[80]?.offset ?? 0) - 1]
    assert.deepEqual(missing, [{ topic: TOPIC, partition: 0, fromOffset, toOffset }])
  })

  it('given a signal, then the trial ends', async () => {
    const store = new FolderHistoryStore(join(folder, 'stopped'))
    await addObject(store, 'readings', inPartition(alertingLog(new Random(3), 200, EVERY_KIND), 0))
    await assert.rejects(tryRules({ store }, runTrial(EVERY_KIND), RANGE, AbortSignal.abort()), {
      name: 'AbortError',
    })
  })
})

function runTrial(rules: readonly AnyRule[], entity = '') {
  return { rules, settings: SETTINGS, entity }
}

function inOrder(alerts: readonly TriedAlert[]): readonly TriedAlert[] {
  const formatName = ({ fromMs, entity, rule, metric }: TriedAlert) => `${fromMs} ${entity} ${rule} ${metric}`
  return alerts.toSorted((a, b) => (formatName(a) < formatName(b) ? -1 : 1))
}

/** Archives the first records of each log in objects of random sizes, some of them overlapping. The log has the rest. */
async function tried(
  folder: string,
  random: Random,
  logs: readonly (readonly LogRecord[])[],
  rules = EVERY_KIND,
  entity = '',
): Promise<{ readonly result: Tried; readonly fired: readonly TriedAlert[] }> {
  const store = new FolderHistoryStore(folder)
  const fired: Alert[] = []
  const live: LogRecord[] = []
  for (const log of logs) {
    fired.push(...(await publishedAlerts(log, EVERY_KIND, SETTINGS)).alerts)
    const archivedTo = random.between(0, log.length)
    for (let start = 0; start < archivedTo; ) {
      const end = Math.min(archivedTo, start + random.between(1, 120))
      await addObject(store, 'readings', log.slice(start, end))
      if (random.chance(0.2))
        await addObject(store, 'readings', log.slice(start, Math.min(archivedTo, end + 20)))
      start = end
    }
    live.push(...log.slice(Math.max(0, archivedTo - random.between(0, 30))))
  }
  // Any client can write to the topic, and its event may lack what an alert has.
  const foreign = {
    status: 'firing',
    alertId: 'foreign',
    startedAt: new Date(FIRST_MS).toISOString(),
  } as Alert
  live.push(...[...fired, foreign].map(alertRecord))
  const bounds = (topic: string, partition: number) => {
    const own = live
      .filter(record => record.topic === topic && record.partition === partition)
      .map(({ offset }) => offset)
    return { start: Math.min(...own), end: Math.max(...own) + 1 }
  }
  const reach = async (topic: string) => {
    const partitions = topic === ALERTS ? [0] : logs.map((_, partition) => partition)
    const all = partitions
      .map(partition => bounds(topic, partition))
      .map(value => (Number.isFinite(value.start) ? value : { start: 0, end: 0 }))
    return { bounds: all, atTime: all.map(({ start }) => start) }
  }
  const log = { reader: new MemoryLogReader(live, 40), reach }
  const stop = new AbortController().signal
  const result = await tryRules({ store, log }, runTrial(rules, entity), RANGE, stop)
  const ofAll = collectFirings(fired).map(firing => ({
    ...firing,
    toMs: Number.isFinite(firing.toMs) ? firing.toMs : null,
  }))
  return { result, fired: ofAll }
}

function inPartition(log: readonly LogRecord[], partition: number): readonly LogRecord[] {
  return log.map(record => ({ ...record, partition }))
}
