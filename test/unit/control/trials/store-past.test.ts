/** The past fills a database with the rows that the function `storage` writes, whatever part of the log is where. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { seeds } from '@sluice/test-kit/sampled'
import { buildRedriveHeaders, type LogRecord } from '#runtime/cloudevents'
import { failureId, PermanentError } from '#runtime/consumer'
import { MemoryStateStore } from '#runtime/operating/replay'
import { CONSUMER_DEFAULTS } from '#runtime/pipeline'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { MemoryLogReader, Random } from '#runtime/testing'
import { storePast } from '../../../../control/trials/store-past.ts'
import { SqliteStorage } from '../../../../lib/storage/adapters/sqlite.ts'
import { storageSink } from '../../../../lib/storage/sink.ts'
import type { Storage } from '../../../../lib/storage/storage.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { alertFired } from '../../../support/alerts.ts'
import { FAMILIES, VOCABULARY } from '../../../support/families.ts'
import { FolderHistoryStore } from '../../../support/folder-history.ts'
import { addObject } from '../../../support/memory-history.ts'
import { Stage } from '../../../support/stage.ts'
import { storedState } from '../../../support/stored-events.ts'

const SEEDS = seeds(20)
const ALERTS = 'sluice.telemetry.alerts.test'
const ANALYTICS = 'sluice.telemetry.analytics.test'
const STOP = new AbortController().signal

const folder = await mkdtemp(join(tmpdir(), 'sluice-etl-'))
after(() => rm(folder, { recursive: true }))

/** Returns readings of which some are repeats, redriven for another consumer, poison or ticks. */
function makeLog(random: Random, partition: number, length: number): LogRecord[] {
  const other = {
    consumer: 'processor',
    failure: 'f',
    attempt: 1,
    history: [],
    place: { partition, offset: 0 },
  }
  return Array.from({ length }, (_, offset) => {
    const repeated = random.chance(0.1) ? random.between(0, offset) : offset
    const reading = environmentReading(`${partition}-${repeated}`, {
      at: repeated,
      temperature: repeated % 50,
    })
    const kind = random.between(0, 20)
    if (kind === 0) return logRecord(offset, { value: Buffer.from('poison') }, { partition })
    if (kind === 1)
      return logRecord(offset, tick(partition, `2026-03-01T12:00:${offset % 60}Z`), { partition })
    const record = logRecord(offset, reading, { partition })
    const headers = [...record.headers, ...buildRedriveHeaders(other)]
    return kind === 2 ? { ...record, headers } : record
  })
}

function listRows(file: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  const all = ['readings', 'alert_events', 'state_statistics'].flatMap(table =>
    db.prepare(`SELECT * FROM ${table}`).all(),
  )
  db.close()
  return all.map(row => JSON.stringify(row)).sort()
}

async function runLive(storage: Storage, records: readonly LogRecord[]): Promise<void> {
  const stage = new Stage(storageSink(FAMILIES, storage), { store: new MemoryStateStore() })
  for (const own of Map.groupBy(records, ({ topic, partition }) => `${topic} ${partition}`).values())
    for (let at = 0; at < own.length; at += 30)
      assert.deepEqual((await stage.batch(own.slice(at, at + 30))).batchItemFailures, [])
}

describe('the past in a database', () => {
  // Promise docs/storage.md#the-past | The past has the rows of the live function, and only adds what is missing.
  it(`given ${SEEDS} logs, partly in objects and partly stored live, then the rows are those of the live function`, async () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = new Random(seed)
      const logs = [0, 1].map(partition => makeLog(random, partition, random.between(20, 150)))
      const alerts = ['a', 'b', 'a'].map((id, offset) => logRecord(offset, alertFired(id), { topic: ALERTS }))
      const states = [0, 1].map(offset => {
        const { timeMs: _, entity: __, ...event } = storedState(1, { ok: 60 }, { minutes: [offset, 9] }).event
        const content = { ...event, time: '2026-03-01T12:00:00Z', datacontenttype: 'application/json' }
        return logRecord(offset, content, { topic: ANALYTICS })
      })
      const rest = [...alerts, ...states]
      const all = [...logs.flat(), ...rest]
      const [liveFile, pastFile] = [join(folder, `${seed}-live.db`), join(folder, `${seed}-past.db`)]
      const [live, past] = [new SqliteStorage(liveFile), new SqliteStorage(pastFile)]
      await runLive(live, all)
      const store = new FolderHistoryStore(join(folder, String(seed)))
      const inLog: LogRecord[] = [...rest]
      for (const log of logs) {
        const archived = random.between(0, log.length)
        if (archived > 0) await addObject(store, 'readings', log.slice(0, archived))
        inLog.push(...log.slice(Math.max(0, archived - random.between(0, 20))))
      }
      const reach = async (topic: string) => {
        const bounds = [0, 1].map(partition => {
          const own = inLog.filter(record => record.topic === topic && record.partition === partition)
          const offsets = own.map(({ offset }) => offset)
          return own.length === 0
            ? { start: 0, end: 0 }
            : { start: Math.min(...offsets), end: Math.max(...offsets) + 1 }
        })
        return { bounds, atTime: bounds.map(({ start }) => start) }
      }
      // The function has stored a part of the rows already.
      await runLive(past, all)
      const db = new DatabaseSync(pastFile)
      db.exec(`DELETE FROM readings WHERE "offset" % 3 < ${random.between(1, 3)}; DELETE FROM alert_events;
        DELETE FROM state_statistics`)
      db.close()
      const run = {
        places: { store, log: { reader: new MemoryLogReader(inLog, 40), reach } },
        storage: past,
        settings: { ...CONSUMER_DEFAULTS, ...VOCABULARY, env: 'test' },
        reader: { read: (event: never) => event, prepare: async () => {} },
        ...{ sinceMs: 0, untilMs: Date.UTC(2030, 0) },
      }
      const kept = listRows(pastFile).length
      const first = await storePast(run, STOP)
      assert.equal(first.records, all.length)
      const again = await storePast(run, STOP)
      assert.deepEqual(listRows(pastFile), listRows(liveFile), `seed ${seed}`)
      assert.deepEqual([first.added, again.added], [listRows(pastFile).length - kept, 0])
      assert.ok(listRows(pastFile).length < all.length)
      await Promise.all([live.close(), past.close()])
    }
  })

  it('given a reading that is redriven, then its row has the position of the record that failed, live and of the past', async () => {
    const [liveFile, pastFile] = [join(folder, 'redriven-live.db'), join(folder, 'redriven-past.db')]
    const [live, past] = [new SqliteStorage(liveFile), new SqliteStorage(pastFile)]
    const failed = logRecord(0, environmentReading('a'))
    const place = { partition: 0, offset: 0 }
    const redrive = {
      consumer: 'storage',
      failure: failureId('storage', failed),
      attempt: 2,
      history: [],
      place,
    }
    const redriven = { ...failed, offset: 1, headers: [...failed.headers, ...buildRedriveHeaders(redrive)] }
    let isRefusing = true
    const refusing: Storage = {
      location: live.location,
      write: async (rows, existing) => {
        if (isRefusing) throw new PermanentError('refused', 'refused')
        return live.write(rows, existing)
      },
      close: () => live.close(),
    }
    const stage = new Stage(storageSink(FAMILIES, refusing), { store: new MemoryStateStore() })
    await stage.batch([failed])
    isRefusing = false
    await stage.batch([redriven])
    const store = new FolderHistoryStore(join(folder, 'redriven'))
    await addObject(store, 'readings', [failed, redriven])
    const run = {
      ...{ places: { store }, storage: past, settings: { ...CONSUMER_DEFAULTS, ...VOCABULARY, env: 'test' } },
      ...{ reader: { read: (event: never) => event, prepare: async () => {} }, sinceMs: 0 },
      untilMs: Date.now(),
    }
    await storePast(run, STOP)
    const [row, ...others] = listRows(liveFile)
    assert.match(String(row), /"offset":0,/)
    assert.deepEqual(others, [])
    assert.deepEqual(listRows(pastFile), [row])
    await Promise.all([live.close(), past.close()])
  })

  it('given a row that the database refuses, then the others are stored, and it is counted', async () => {
    const file = join(folder, 'refused.db')
    const storage = new SqliteStorage(file)
    const refusing: Storage = {
      location: storage.location,
      close: () => storage.close(),
      async write(rows, existing) {
        const values = [...rows.values()].flat(2)
        if (values.includes('0-3')) throw new PermanentError('too long', 'too long')
        return storage.write(rows, existing)
      },
    }
    const records = [0, 1, 2, 3, 4].map(offset => logRecord(offset, environmentReading(`0-${offset}`)))
    const store = new FolderHistoryStore(join(folder, 'refused'))
    await addObject(store, 'readings', records)
    const run = {
      ...{
        places: { store },
        storage: refusing,
        settings: { ...CONSUMER_DEFAULTS, ...VOCABULARY, env: 'test' },
      },
      ...{
        reader: { read: (event: never) => event, prepare: async () => {} },
        sinceMs: 0,
        untilMs: Date.now(),
      },
    }
    const { location, missing, ...counts } = await storePast(run, STOP)
    assert.deepEqual(counts, { records: 5, events: 4, added: 4, repeated: 0, refused: 1 })
    assert.equal(listRows(file).length, 4)
    await assert.rejects(storePast(run, AbortSignal.abort()), { name: 'AbortError' })
    await storage.close()
  })
})
