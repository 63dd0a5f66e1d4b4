import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readConfig } from '../../../lib/app/config.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { searchLog } from '../../../lib/queries/journey/log-search.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { environmentReading } from '../../support/records.ts'

it('given a topic whose leader is silent, then a search ends in its time, and says so', async () => {
  const over = new AbortController()
  const { promise: silence } = Promise.withResolvers<never>()
  const record = logRecord(0, environmentReading('a', { temperature: 20 }), { topic: 'readings' })
  const sources = {
    log: new MemoryLogReader([record]),
    reader: dataReader(
      readConfig({ SLUICE_ENV: 'test', KAFKA_BROKERS: 'none:1', REDIS_URL: 'redis://none' }),
    ),
    offsets: {
      bounds: (topic: string) => (topic === 'lost' ? silence : Promise.resolve([{ start: 0, end: 1 }])),
      at: async () => [0],
    },
    topics: ['readings', 'lost'],
  }
  const searching = searchLog({ id: 'a' }, 0, sources, over.signal)
  over.abort()
  assert.deepEqual(await searching, { records: [], isWhole: false })
  assert.deepEqual(await searchLog({ id: 'a' }, 0, sources, AbortSignal.abort()), {
    records: [],
    isWhole: false,
  })
})
