import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sendBatches } from '@sluice/kafka-records/writing'
import { mayPass } from '../../../adapters/kafka/producer-connection.ts'

it('given an answer that is too late, then the connection is closed, and the batches may be sent again', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  const closed: string[] = []
  const connection = {
    socket: { setNoDelay: () => {}, destroy: () => closed.push('socket') },
    rejectRequests: reject,
    disconnect: async () => closed.push('connection'),
  }
  const connectionPool = { getConnectionByRequest: async () => connection, send: () => promise }
  const request = { acks: -1, timeoutMs: 5, batches: [] } as const
  const error = await sendBatches({ connectionPool }, request, 5).catch((caught: Error) => caught)
  assert.match(String(error), /no answer within 5 ms/)
  assert.deepEqual([mayPass(error), closed], [true, ['socket', 'connection']])
})
