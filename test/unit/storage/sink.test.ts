import assert from 'node:assert/strict'
import { it } from 'node:test'
import { confirmDelivery } from '#runtime/consumer'
import { storageSink } from '../../../lib/storage/sink.ts'
import { READINGS, type Rows } from '../../../lib/storage/table.ts'
import { FAMILIES } from '../../support/families.ts'
import { storedReading } from '../../support/stored-events.ts'

it('given a batch, then live rows replace stored ones in one write, and each event is confirmed', async () => {
  const calls: unknown[] = []
  const storage = {
    location: 'memory',
    async write(rows: Rows, existing: string) {
      calls.push([existing, rows.get(READINGS)?.length])
      return 0
    },
    close: async () => void calls.push('closed'),
  }
  const sink = storageSink(FAMILIES, storage)
  const batch = ['a', 'b', 'a'].map(id => storedReading(id, {}))
  assert.deepEqual(await sink.deliver(batch as never), Array(3).fill(confirmDelivery('stored')))
  await sink.close?.()
  assert.deepEqual(calls, [['replace', 2], 'closed'])
})
