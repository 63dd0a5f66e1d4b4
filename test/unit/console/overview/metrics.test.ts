import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Known } from '../../../../console/api/overview/known.ts'
import { MetricsReader } from '../../../../console/api/overview/metrics.ts'
import type { Look, OverviewReader } from '../../../../console/api/overview/overview.ts'
import type { ConsoleEnvironment } from '../../../../console/environment.ts'
import { readScrape } from '../../../support/scrape.ts'

const AT_MS = Date.UTC(2026, 2, 1, 12)
const AWAY = { value: null, asOfMs: null, state: 'away' } as const
const known = <T>(value: T): Known<T> => ({ value, asOfMs: AT_MS, state: 'now' })
const NOTHING: Look = {
  atMs: AT_MS,
  servers: { kafka: 'refuses connections', redis: 'refuses connections' },
  lags: AWAY,
  outcomes: AWAY,
  standing: [],
  notices: [],
  firing: AWAY,
  lastAlerts: AWAY,
  letters: AWAY,
  members: new Map(),
}

const lag = (name: string, topic: string, ...pending: number[]) => ({
  function: name,
  topic,
  group: `g-${name}`,
  pending: pending.reduce((sum, n) => sum + n, 0),
  partitions: pending.map((n, partition) => {
    return { partition, next: 10, end: 10 + n, pending: n, seconds: n > 0 ? 30 : 0 }
  }),
  windowMs: 0,
  waitingMs: 30_000,
})
const withLags = (...lags: ReturnType<typeof lag>[]) => known({ lags, bounds: new Map() })
const OUTCOMES = {
  ...{ applied: 7, duplicate: 1, ignored: 2, failed: 3, parked: 1 },
  ...{ reasons: {}, outbox: 4, position: 14, decidedMs: AT_MS - 60_000 },
}
const WHOLE: Look = {
  ...NOTHING,
  servers: { kafka: null, redis: null },
  lags: withLags(lag('alerting', 'readings', 5, 0), lag('intake', 'plant "A"\n\\', 3)),
  outcomes: known(new Map([['alerting/readings', OUTCOMES]])),
  standing: [{ functions: ['intake'], sinceMs: AT_MS, reason: 'r', advice: 'a' }],
  firing: known([{ severity: 'critical', count: 2 }]),
  letters: known({ count: 2, oldestMs: AT_MS - 90_000 }),
}

/** A reader of one look. */
function given(look: Look) {
  const calls = { looks: 0 }
  const environment = {
    config: { env: 'prod' },
    findSignal: (topic: string) => (topic === 'readings' ? 'readings' : undefined),
  }
  const looks = {
    async look() {
      calls.looks += 1
      return look
    },
  }
  const reader = new MetricsReader(
    environment as unknown as ConsoleEnvironment,
    looks as unknown as OverviewReader,
  )
  const scrape = async () =>
    readScrape((await reader.read()).text).map(({ name, labels: { env, ...labels }, value }) => {
      assert.equal(env, 'prod')
      return `${name} ${JSON.stringify(Object.values(labels))} ${value}`
    })
  return { calls, reader, scrape }
}

describe('metrics', () => {
  it('given a whole look, then each fact is a series', async () => {
    const input = 'plant "A"\n\\'
    const seriesOf = (name: string, labels: readonly string[], value: number) =>
      `${name} ${JSON.stringify(labels)} ${value}`
    const { scrape } = given(WHOLE)
    assert.deepEqual(await scrape(), [
      seriesOf('sluice_server_up', ['kafka'], 1),
      seriesOf('sluice_server_up', ['redis'], 1),
      seriesOf('sluice_consumer_lag_records', ['alerting', 'readings', 'g-alerting'], 5),
      seriesOf('sluice_consumer_lag_records', ['intake', input, 'g-intake'], 3),
      seriesOf('sluice_partition_lag_records', ['alerting', 'g-alerting', 'readings', '0'], 5),
      seriesOf('sluice_partition_lag_records', ['intake', 'g-intake', input, '0'], 3),
      seriesOf('sluice_partition_lag_records', ['alerting', 'g-alerting', 'readings', '1'], 0),
      seriesOf('sluice_partition_lag_seconds', ['alerting', 'g-alerting', 'readings', '0'], 30),
      seriesOf('sluice_partition_lag_seconds', ['alerting', 'g-alerting', 'readings', '1'], 0),
      seriesOf('sluice_records_total', ['alerting', 'readings', 'applied'], 7),
      seriesOf('sluice_records_total', ['alerting', 'readings', 'duplicate'], 1),
      seriesOf('sluice_records_total', ['alerting', 'readings', 'ignored'], 2),
      seriesOf('sluice_records_total', ['alerting', 'readings', 'failed'], 3),
      seriesOf('sluice_outbox_entries', ['alerting', 'readings'], 4),
      seriesOf('sluice_last_decided_timestamp_seconds', ['alerting', 'readings'], (AT_MS - 60_000) / 1_000),
      seriesOf('sluice_consumer_stalled', ['alerting'], 0),
      seriesOf('sluice_consumer_stalled', ['intake'], 1),
      seriesOf('sluice_alerts_firing', ['critical'], 2),
      seriesOf('sluice_alerts_firing', ['warning'], 0),
      seriesOf('sluice_alerts_firing', ['info'], 0),
      seriesOf('sluice_dead_letters_open', [], 2),
      seriesOf('sluice_dead_letters_oldest_seconds', [], 90),
    ])
  })

  it('given servers that do not answer, then what is unknown is absent, and not 0', async () => {
    assert.deepEqual(await given(NOTHING).scrape(), [
      'sluice_server_up ["kafka"] 0',
      'sluice_server_up ["redis"] 0',
    ])
  })

  it('given Redis alone that does not answer, then the lag is there, and no count, clock or stall', async () => {
    const { servers, ...without } = { ...WHOLE, outcomes: AWAY, firing: AWAY, letters: AWAY }
    const scraped = await given({ ...without, servers: { ...servers, redis: 'away' } }).scrape()
    assert.deepEqual(
      [...new Set(scraped.map(line => line.split(' ')[0]))],
      ['server_up', 'consumer_lag_records', 'partition_lag_records', 'partition_lag_seconds'].map(
        name => `sluice_${name}`,
      ),
    )
  })

  it('given no dead letters, then there is a number, and no age', async () => {
    const scraped = await given({ ...WHOLE, letters: known({ count: 0, oldestMs: undefined }) }).scrape()
    assert.deepEqual(
      scraped.filter(line => line.includes('dead_letters')),
      ['sluice_dead_letters_open [] 0'],
    )
  })

  it('given more partitions than the bounds, then those with most pending have series', async () => {
    const pending = Array.from({ length: 600 }, (_, partition) => partition)
    const { scrape } = given({ ...WHOLE, lags: withLags(lag('alerting', 'readings', ...pending)) })
    const scraped = await scrape()
    const count = (name: string) => scraped.filter(line => line.startsWith(`sluice_${name} `)).length
    assert.equal(count('partition_lag_records'), 500)
    assert.equal(count('consumer_lag_records'), 1)
  })

  it('given figures of the past, then a scrape does not repeat them as if they were of now', async () => {
    const past = {
      ...WHOLE,
      lags: { ...WHOLE.lags, state: 'away' },
      firing: { ...WHOLE.firing, state: 'away' },
    } as const
    const scraped = await given(past).scrape()
    assert.deepEqual(
      scraped.filter(line => /lag|alerts|records/.test(line)),
      [],
    )
  })

  it('given two scrapes at once, then they cost one look', async () => {
    const { reader, calls } = given(WHOLE)
    const [one, two] = await Promise.all([reader.read(), reader.read()])
    assert.deepEqual([one, calls.looks], [two, 1])
    assert.match(one.contentType, /^text\/plain; version=0\.0\.4/)
  })
})
