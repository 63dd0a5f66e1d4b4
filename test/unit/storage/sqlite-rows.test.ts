import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { SqliteStorage } from '../../../lib/storage/adapters/sqlite.ts'
import { toRows } from '../../../lib/storage/rows.ts'
import { FAMILIES } from '../../support/families.ts'
import { NOON, storedAlert, storedMinute, storedReading, storedState } from '../../support/stored-events.ts'

const folder = await mkdtemp(join(tmpdir(), 'sqlite-rows-'))
after(() => rm(folder, { recursive: true }))

describe('what a write does to an SQLite file', () => {
  it('given rows, then it returns how many were added or replaced, of all tables', async () => {
    const storage = new SqliteStorage(join(folder, 'count.db'))
    const write = (existing: 'replace' | 'keep', ...offsets: readonly number[]) => {
      const readings = offsets.map(offset => storedReading('r', {}, { offset }))
      const others = [storedAlert('fired', 'a'), storedMinute(1, 20), storedState(1, { ok: 60 })]
      return storage.write(toRows(FAMILIES, [...readings, ...others]), existing)
    }
    assert.equal(await write('keep', 1, 2), 5)
    assert.equal(await write('keep', 1, 2, 3), 1)
    assert.equal(await write('replace', 3, 4), 5)
    assert.equal(await storage.write(toRows(FAMILIES, []), 'replace'), 0)
    await storage.close()
    await storage.close()
  })

  it('given times, then they are texts that compare with those of datetime, and an unknown one is null', async () => {
    const file = join(folder, 'times.db')
    const storage = new SqliteStorage(file)
    const times = [NOON + 1, 0, Number.NaN]
    await storage.write(
      toRows(
        FAMILIES,
        times.map((timeMs, offset) => storedReading('r', {}, { timeMs, offset })),
      ),
      'keep',
    )
    await storage.close()
    const db = new DatabaseSync(file, { readOnly: true })
    const found = db
      .prepare(
        `SELECT event_ts, event_ts > datetime('2026-03-01 12:00:00') AS later FROM readings ORDER BY "offset"`,
      )
      .all()
    db.close()
    assert.deepEqual(
      found.map(({ event_ts, later }) => [event_ts, later]),
      [
        ['2026-03-01 12:00:00.001', 1],
        ['1970-01-01 00:00:00.000', 0],
        [null, null],
      ],
    )
  })
})
