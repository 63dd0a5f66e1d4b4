import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Unavailable } from '#runtime/pipeline'
import { countUnapplied, describeLag, describeUnread } from '../../../../control/questions/lag.ts'

it('given records that a consumer has not applied, then those written before a time are counted, if Kafka can be asked', async () => {
  const applied = [9, 3]
  const offsets = { bounds: async () => [0, 5].map(start => ({ start, end: 12 })), at: async () => [11, 7] }
  const ask = (beforeMs?: number, answer = async () => offsets) => {
    const inspection = {
      summary: async (key: { partition: number }) => ({ appliedOffset: applied[key.partition] }),
    }
    const environment = {
      offsets: answer,
      inspection: async () => inspection,
      topic: (signal: string) => signal,
    }
    return countUnapplied(environment as never, 'views', 'readings', beforeMs)
  }
  assert.deepEqual([await ask(), await ask(1)], [2 + 7, 1 + 2])
  assert.equal(await ask(1, () => Promise.reject(new Unavailable('broker-unavailable', 'away'))), null)
  assert.match(
    describeLag(3, 'views', 'readings').join(),
    /^Not up to date: views has 3 records of the readings/,
  )
})

it('given Kafka that hangs, then an answer without rows soon says that it may be out of date', async () => {
  const lags = { read: () => Promise.withResolvers<never>().promise }
  assert.match(
    (await describeUnread({ lags } as never, 'all', 'None.', 0)).join(' '),
    /^None\. Kafka could not be asked/,
  )
})

it('given records that wait elsewhere, then an answer says only what waits for its consumers, or at an input', async () => {
  const of = (name: string, topic: string) => ({
    function: name,
    topic,
    group: name,
    pending: 3,
    waitingMs: 60_000,
  })
  const all = [of('archiver', 'readings'), of('alerting', 'readings'), of('intake', 'presses')]
  const environment = {
    lags: { read: async () => ({ lags: all }) },
    findSignal: (topic: string) => (topic === 'readings' ? topic : undefined),
  }
  const [note = ''] = await describeUnread(environment as never, ['alerting'], 'None.', 0)
  assert.match(note, /: 3 records wait at alerting, for 1 min; 3 records wait at intake, for 1 min\.$/)
})
