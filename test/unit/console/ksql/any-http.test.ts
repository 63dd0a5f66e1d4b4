import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { anyHttpServer } from '../../../../console/ksql/any-http.ts'

describe('a server for any HTTP', () => {
  for (const [given, first] of [
    ['a request that never ends', 'GET / HTTP/1.1\r\n'],
    ['HTTP/2 without a request', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ] as const)
    it(`given ${given}, then the connection is closed`, { timeout: 20_000 }, async () => {
      const patience = { headersTimeout: 100, connectionsCheckingInterval: 50, keepAliveTimeout: 100 }
      const server = anyHttpServer(patience, (_, answer) => answer.end())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      try {
        socket.write(first)
        socket.resume()
        await once(socket, 'close')
        assert.ok(socket.destroyed)
      } finally {
        socket.destroy()
        server.closeAllConnections()
        server.close()
      }
    })
})
