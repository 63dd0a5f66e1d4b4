import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { environmentReading } from '#runtime/test/support/records'
import { logRecord } from '#runtime/testing'
import { PostgresStorage } from '../lib/storage/adapters/postgres.ts'
import { SqliteStorage } from '../lib/storage/adapters/sqlite.ts'
import { storageSink } from '../lib/storage/sink.ts'
import type { Storage } from '../lib/storage/storage.ts'
import { LOCAL } from '../scripts/paths.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { Stage } from '../test/support/stage.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { families } from './kit/vocabulary.ts'

// `npm run bench:storage`: readings that the function `storage` writes, by a second of processor time of the function: decoding,
// decisions and rows, with states in memory. The processor time of the PostgreSQL server does not count.

/** Records of a batch, as Lambda delivers them. */
const BATCH = 500
const GOAL = { atLeast: 5_000 }

await runBenchmark({
  usage: `npm run bench:storage -- [options]
  --only PART     sqlite or postgres`,
  rounds: 3,
  async *measure(run) {
    if (run.wants('sqlite')) {
      const folder = await mkdtemp(join(LOCAL, 'bench-storage-'))
      try {
        yield await measure('SQLite', new SqliteStorage(join(folder, 'rows.db')), run)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    if (run.wants('postgres')) {
      const server = await startPostgres()
      try {
        yield await measure('PostgreSQL', new PostgresStorage(await server.createDatabase()), run)
      } finally {
        await server.stop()
      }
    }
  },
})

async function measure(name: string, storage: Storage, run: Run): Promise<Figure> {
  const stage = new Stage(storageSink(families, storage))
  let offset = 0
  const write = async (records: number) => {
    for (let left = records; left > 0; left -= BATCH)
      await stage.batch(Array.from({ length: BATCH }, () => makeRecord(stage.topic, offset++)))
  }
  await write(2 * BATCH)
  const rounds: number[] = []
  const records = run.quick ? 10_000 : 100_000
  for (let round = 1; round <= run.rounds; round += 1) {
    run.signal.throwIfAborted()
    const before = process.cpuUsage()
    await write(records)
    const { user, system } = process.cpuUsage(before)
    rounds.push(Math.round((records * 1e6) / (user + system)))
    run.say(`round ${round}  ${name}  ${rounds.at(-1)} rows/s of a core`)
  }
  await storage.close()
  return aimed(`storage/${name}, rows of a core`, '/s', GOAL, rounds)
}

function makeRecord(topic: string, offset: number) {
  const reading = environmentReading(`reading-${offset}`, {
    sensor: `s-${offset % 100}`,
    at: offset,
    temperature: (offset % 500) / 10,
    data: {
      ...{
        sensorId: `s-${offset % 100}`,
        temperature: (offset % 500) / 10,
        humidity: 50.5,
        pressure: 1013.2,
      },
      ...{
        windSpeed: 3.4,
        location: { site: 'roof', latitude: 52.5, longitude: 13.4 },
        tags: { floor: '1' },
      },
    },
  })
  return logRecord(offset, reading, { topic })
}
