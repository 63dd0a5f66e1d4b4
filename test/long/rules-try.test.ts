/** Recorded streams that are archived give rules on trial the alerts that the alerting consumer publishes for them. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { firingsOf } from '../../lib/alerting/firings.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { sourceOf } from '../../lib/operations/replay/source.ts'
import { type Arrival, inBatches, readRecording } from '../../lib/operations/try-rules/recording.ts'
import { type TriedAlert, tryRules } from '../../lib/operations/try-rules/try.ts'
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
    folder = await mkdtemp(join(tmpdir(), 'try-rules-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const stream of STREAMS)
    it(`given ${stream} in the history, then the rules on trial give the alerts that alerting publishes`, async () => {
      const rules = [...(await loadRules(join(PROJECT, 'config', 'rules'))), ...EVERY_KIND]
      const log = await logOf(stream)
      const { alerts } = await publishedAlerts(log, rules, SETTINGS)
      const store = new FolderHistoryStore(join(folder, stream))
      for (let start = 0; start < log.length; start += 1_000)
        await addObject(store, 'readings', log.slice(start, start + 1_000))
      if (alerts.length > 0) await addObject(store, 'alerts', alerts.map(alertRecord))
      const [first, last] = [log[0], log.at(-1)] as [LogRecord, LogRecord]
      const range = { sinceMs: first.timestampMs, untilMs: last.timestampMs + 1 }
      const result = await tryRules({ store }, { rules, settings: SETTINGS, entity: '' }, range, stop)
      const published = firingsOf(alerts)
      assert.equal(result.alerts.length, published.length)
      assert.deepEqual(
        result.alerts.map(shown).toSorted(),
        published
          .map(({ toMs, ...one }) => shown({ ...one, toMs: toMs < range.untilMs ? toMs : null }))
          .toSorted(),
      )
      assert.ok(result.alerts.length >= (LEAST[stream] ?? 0), `${result.alerts.length} alerts`)
      assert.ok(result.readings > 100)
    })
})

function shown(alert: TriedAlert): string {
  return JSON.stringify(Object.entries(alert).sort())
}

/** Returns a stream as a log. Recorded records are kept as they are; readings are in the order of their arrival, with ticks. */
async function logOf(stream: string): Promise<readonly LogRecord[]> {
  const source = await sourceOf(join('events', 'streams', stream), {
    folder: PROJECT,
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
  for (const batch of inBatches(readings, startMs, 500))
    for (const { event, arrivedMs } of batch)
      log.push(logRecord(log.length, event, { timestampMs: arrivedMs }))
  return log
}
