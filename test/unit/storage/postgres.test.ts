import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { Pool } from 'pg'
import { explain, POOL } from '../../../lib/storage/adapters/postgres.ts'

it('given a wait for a connection that is in use, then it is longer than that for the server, and the message is its own', async context => {
  const server = createServer().listen(0, '127.0.0.1')
  context.after(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  server.on('connection', socket => socket.on('error', () => {}))
  const reasonOf = (pool: Pool) => pool.connect().then(() => '', explain)
  const reached = { host: '127.0.0.1', port }
  const busy = new Pool({ ...POOL, ...reached, max: 1, connectionTimeoutMillis: 50 })
  const [first, second] = await Promise.all([reasonOf(busy), reasonOf(busy)])
  assert.match(first, /cannot be reached/)
  assert.match(second, /other partitions have used all connections for 20 seconds/)
  const started = Date.now()
  const silent = new Pool({ ...POOL, ...reached })
  assert.match(await reasonOf(silent), /cannot be reached/)
  assert.ok(Date.now() - started < (POOL.connectionTimeoutMillis ?? 0) / 2)
  await Promise.all([busy.end(), silent.end()])
})
