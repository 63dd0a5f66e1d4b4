/** Recorded streams that are archived and back-tested give the alerts that the alerting consumer publishes for them. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { backtest } from '../../lib/operations/backtest/backtest.ts'
import { readRecording } from '../../lib/operations/backtest/recording.ts'
import { sourceOf } from '../../lib/operations/replay/source.ts'
import { type Arrival, inBatches } from '../../lib/operations/rule-log/arrivals.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { alertRecord, EVERY_KIND, publishedAlerts } from '../support/alerting-log.ts'
import { FolderHistoryStore } from '../support/folder-history.ts'
import { addObject, PLAIN } from '../support/memory-history.ts'
import { PROJECT } from '../support/program.ts'
import { logRecord, TOPIC } from '../support/records.ts'

const STREAMS = [
  'calm-day.jsonl.gz',
  'database-load.jsonl',
  'device-walk.jsonl',
  'heatwave.jsonl',
  'poison-mix.jsonl.gz',
  'sensor-outage.jsonl.gz',
]
const SETTINGS = { env: 'test', idWindowMs: 3_600_000, futureToleranceMs: 300_000 }
/** Streams with fewer alerts prove nothing. */
const LEAST = { 'database-load.jsonl': 2, 'heatwave.jsonl': 3 } as Readonly<Record<string, number>>
const stop = new AbortController().signal

describe('recorded streams', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backtest-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const stream of STREAMS)
    it(`given ${stream} in the history, then the back-test gives the alerts that alerting publishes`, async () => {
      const rules = [...(await loadRules(join(PROJECT, 'config', 'rules'))), ...EVERY_KIND]
      const log = await logOf(stream)
      const { alerts } = await publishedAlerts(log, rules, SETTINGS)
      const store = new FolderHistoryStore(join(folder, stream))
      for (let start = 0; start < log.length; start += 1_000)
        await addObject(store, 'readings', log.slice(start, start + 1_000))
      if (alerts.length > 0) await addObject(store, 'alerts', alerts.map(alertRecord))
      const [first, last] = [log[0], log.at(-1)] as [LogRecord, LogRecord]
      const range = { sinceMs: first.timestampMs, untilMs: last.timestampMs + 1, topics: [TOPIC] }
      const result = await backtest({ store }, { rules, against: undefined, settings: SETTINGS }, range, stop)
      const differing = result.alerts.filter(one => !one.tried || !one.other || one.differences.length > 0)
      assert.deepEqual(differing, [])
      assert.equal(result.alerts.length, new Set(alerts.map(({ alertId }) => alertId)).size)
      assert.ok(result.alerts.length >= (LEAST[stream] ?? 0), `${result.alerts.length} alerts`)
      assert.ok(result.readings > 100)
    })
})

/** Returns a stream as a log. Recorded records are kept as they are; readings are in the order of their arrival, with ticks. */
async function logOf(stream: string): Promise<readonly LogRecord[]> {
  const source = await sourceOf(join('events', 'streams', stream), {
    folder: PROJECT,
    stdin: process.stdin,
    stop,
  })
  const records: LogRecord[] = []
  for await (const group of source.read())
    for (const { record } of group)
      if (record) records.push({ ...record, topic: TOPIC, partition: 0, offset: records.length })
  return records.length > 0 ? records : withTicks(await readRecording(source, PLAIN))
}

function withTicks(readings: readonly Arrival[]): readonly LogRecord[] {
  const startMs = readings[0]?.arrivedMs ?? 0
  const log: LogRecord[] = []
  for (const batch of inBatches(readings, { startMs, nowMs: startMs }, 500))
    for (const { event, arrivedMs } of batch)
      log.push(logRecord(log.length, event, { timestampMs: arrivedMs }))
  return log
}
