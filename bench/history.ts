import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DuckDBInstance } from '@duckdb/node-api'
import { encodeRows } from '../lib/history/parquet.ts'
import { type HistoryRow, rowsOf } from '../lib/history/row.ts'
import { sensorsOf } from '../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../lib/telemetry/simulator/settings.ts'
import { simulate } from '../lib/telemetry/simulator.ts'
import type { LogRecord } from '../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../packages/runtime/cloudevents/writer.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { runBenchmark } from './kit/program.ts'

// `npm run bench:history`: the size of a reading in the history, how many the archiver encodes, and how long DuckDB takes to scan a
// day of them. 1,000 sensors of all families send each second. An hour is simulated and encoded as the compactor's objects are; a day
// is the files of that hour, 24 times. With --quick, an hour is scanned.

const SENSORS = 1_000
const HOUR_SECONDS = 3_600
const PARTITIONS = 12
/** Rows of an object. A group of rows of the compactor has as many. */
const ROWS = 100_000
const START = Date.UTC(2026, 2, 1) / 1_000
const READER = { read: (event: never) => event, prepare: async () => {} }
const SCAN = 'SELECT "subject", avg("temperature"), count(*) FROM FILES WHERE "temperature" > 12 GROUP BY ALL'

await runBenchmark({
  usage: 'npm run bench:history -- [options]',
  rounds: 7,
  async *measure(run) {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-history-'))
    try {
      const hour = await writeHour(folder, run.signal)
      const copies = run.quick ? 1 : 24
      for (let copy = 1; copy < copies; copy += 1)
        for (const file of hour.files) await copyFile(join(folder, file), join(folder, `${copy}-${file}`))
      const readings = SENSORS * HOUR_SECONDS
      const figures: Figure[] = [
        aimed('history/a reading', 'bytes', { atMost: 12 }, [hour.bytes / readings]),
        { name: 'history/encoded in a second of a core', unit: '/s', rounds: hour.rates, worse: 'lower' },
        aimed(
          `history/scan of ${readings * copies} readings`,
          's',
          { atMost: 2 },
          await scans(folder, readings * copies, run.rounds),
        ),
      ]
      yield* figures
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

interface Hour {
  readonly files: readonly string[]
  readonly bytes: number
  readonly rates: readonly number[]
}

async function writeHour(folder: string, signal: AbortSignal): Promise<Hour> {
  const fleet = sensorsOf([
    { family: 'environment', sensors: SENSORS / 2 },
    { family: 'database', sensors: SENSORS / 4 },
    { family: 'device', sensors: SENSORS / 4 },
  ])
  const settings = { ...GENERATOR_DEFAULTS, fleet, tickSeconds: 1, seed: 'bench' }
  const files: string[] = []
  const rates: number[] = []
  let bytes = 0
  // One partition after another, so that only the rows of one object are in memory.
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const own = { ...settings, fleet: fleet.filter((_, index) => index % PARTITIONS === partition) }
    let [offset, records, rows] = [0, [] as LogRecord[], [] as HistoryRow[]]
    const flush = async (isLast: boolean) => {
      signal.throwIfAborted()
      const before = process.cpuUsage()
      rows.push(...(await rowsOf(records, READER as never)))
      records = []
      if (rows.length < ROWS && !isLast) return
      const object = encodeRows('readings', rows)
      const { user, system } = process.cpuUsage(before)
      rates.push(rows.length / ((user + system) / 1e6))
      const file = `${partition}-${offset}.parquet`
      await writeFile(join(folder, file), object)
      files.push(file)
      bytes += object.length
      rows = []
    }
    for (const { key, event } of simulate(own, START, START + HOUR_SECONDS)) {
      const { value, headers } = writeEvent(event)
      const timestampMs = Date.parse(event.time ?? '') + 40
      const place = { topic: 'sluice.telemetry.readings.prod', partition, offset, timestampMs }
      records.push({ ...place, key: Buffer.from(String(key)), value, headers })
      offset += 1
      if (records.length === ROWS) await flush(false)
    }
    await flush(true)
  }
  return { files, bytes, rates }
}

/** Seconds of each scan. The first one, which is not returned, fills the cache of the file system. */
async function scans(folder: string, readings: number, rounds: number): Promise<number[]> {
  const database = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await database.connect()
  const seconds: number[] = []
  try {
    const files = `read_parquet('${folder}/*.parquet', union_by_name = true)`
    const [[count] = []] = (await connection.runAndReadAll(`SELECT count(*) FROM ${files}`)).getRows()
    if (Number(count) !== readings) throw new Error(`${count} readings were written, not ${readings}`)
    for (let round = -1; round < rounds; round += 1) {
      const beganMs = performance.now()
      const { currentRowCount } = await connection.runAndReadAll(SCAN.replace('FILES', files))
      if (currentRowCount === 0) throw new Error('the scan has found nothing')
      if (round >= 0) seconds.push((performance.now() - beganMs) / 1_000)
    }
    return seconds
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}
