import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { readAlerts, readPoints } from '../control/queries/chart-questions.ts'
import { PostgresStorage } from '../lib/storage/adapters/postgres.ts'
import { SqliteStorage } from '../lib/storage/adapters/sqlite.ts'
import { toRows } from '../lib/storage/rows.ts'
import type { Storage, StorageReader } from '../lib/storage/storage.ts'
import { LOCAL } from '../scripts/paths.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { storedAlert, storedMinute } from '../test/support/stored-events.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { families } from './kit/vocabulary.ts'

// `npm run bench:charts`: charts of 30 days and of a day of a sensor with a reading a second, 2.6 million in all, whose minutes are
// among those of other sensors: the questions that the page of an entity asks, for four metrics and the alerts.

const DAYS = 30
const SENSORS = 5
const METRICS = ['temperature', 'humidity', 'pressure', 'windSpeed']
const START_MS = Date.UTC(2026, 1, 1)
const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000]
const BATCH = 500
const GOAL = { atMost: 1_000 }

type Opened = Storage & StorageReader

const COLUMNS = 'topic, "partition", "offset", id, source, subject, family, event_ts, metrics'
const POSTGRES_READINGS = `INSERT INTO sluice.readings (${COLUMNS}) SELECT 'readings', 0, n, 'r-' || n, '/environment/roof', 'roof-1',
  'environment', timestamptz '2026-02-01 00:00Z' + make_interval(secs => n), jsonb_build_object('temperature', 20 + n % 7)
  FROM generate_series(1, ${DAYS * 86_400}) AS n`
const SQLITE_READINGS = `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${DAYS * 86_400})
  INSERT INTO readings (${COLUMNS}) SELECT 'readings', 0, n, 'r-' || n, '/environment/roof', 'roof-1', 'environment',
  strftime('%Y-%m-%d %H:%M:%f', '2026-02-01', '+' || n || ' seconds'), json_object('temperature', 20 + n % 7) FROM s`

await runBenchmark({
  usage: `npm run bench:charts -- [options]
  --only PART     sqlite or postgres`,
  rounds: 5,
  async *measure(run) {
    if (run.wants('sqlite')) {
      const folder = await mkdtemp(join(LOCAL, 'bench-charts-'))
      try {
        const file = join(folder, 'rows.db')
        const fill = async (text: string) => {
          const db = new DatabaseSync(file)
          db.exec(text)
          db.close()
        }
        yield* measure('SQLite', new SqliteStorage(file), () => fill(SQLITE_READINGS), run)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    if (run.wants('postgres')) {
      const server = await startPostgres()
      try {
        const url = await server.createDatabase()
        const fill = () => server.query(url, POSTGRES_READINGS)
        yield* measure('PostgreSQL', new PostgresStorage(url), fill, run)
      } finally {
        await server.stop()
      }
    }
  },
})

async function* measure(
  name: string,
  storage: Opened,
  fillReadings: () => Promise<unknown>,
  run: Run,
): AsyncGenerator<Figure> {
  run.say(`filling ${name} with ${DAYS} days …`)
  await storage.write(toRows(families, [storedAlert('fired', 'a'), storedAlert('resolved', 'a')]), 'replace')
  await fillReadings()
  for (let minute = 0; minute < DAYS * 1_440; minute += BATCH / SENSORS) {
    run.signal.throwIfAborted()
    const minutes = Array.from({ length: BATCH }, (_, n) =>
      makeMinute(minute + Math.floor(n / SENSORS), n % SENSORS),
    )
    await storage.write(toRows(families, minutes), 'replace')
  }
  for (const [range, days, step] of [
    ['30 days', DAYS, 'hour'],
    ['a week', 7, 'hour'],
    ['a day', 1, 'minute'],
  ] as const) {
    const toMs = START_MS + DAYS * DAY_MS
    const period = { source: '/environment/roof', subject: 'roof-1', fromMs: toMs - days * DAY_MS, toMs }
    const rounds: number[] = []
    for (let round = 1; round <= run.rounds; round += 1) {
      const startedMs = performance.now()
      const charts = []
      for (const metric of METRICS) charts.push(await readPoints(storage, period, metric, step))
      await readAlerts(storage, period)
      rounds.push(Math.round(performance.now() - startedMs))
      if (charts.some(({ length }) => length !== (step === 'hour' ? days * 24 : days * 1_440)))
        throw new Error(`${name} lacks points of ${range}`)
    }
    run.say(`${name}, ${range}: ${rounds.join(', ')} ms`)
    yield aimed(`charts/${name}, ${range} of ${METRICS.length} metrics`, 'ms', GOAL, rounds)
  }
  await storage.close()
}

function makeMinute(minute: number, sensor: number) {
  const startMs = START_MS + minute * MINUTE_MS
  const { event, ...place } = storedMinute(1, 20 + (minute % 7))
  const data = event.data as { readonly metrics: { readonly temperature: object } }
  const { temperature } = data.metrics
  return {
    ...place,
    event: {
      ...event,
      id: `${minute}-${sensor}`,
      data: {
        ...data,
        entity: { source: '/environment/roof', subject: `roof-${sensor}` },
        windowStart: new Date(startMs).toISOString(),
        windowEnd: new Date(startMs + MINUTE_MS).toISOString(),
        metrics: Object.fromEntries(METRICS.map(metric => [metric, { ...temperature, count: 60 }])),
      },
    },
  }
}
