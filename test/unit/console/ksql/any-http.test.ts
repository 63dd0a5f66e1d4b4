import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { anyHttpServer } from '../../../../console/ksql/any-http.ts'
import { until } from '../../../support/until.ts'

const PATIENCE = {
  ...{ headersTimeout: 100, requestTimeout: 100 },
  ...{ connectionsCheckingInterval: 50, keepAliveTimeout: 100 },
}

/** Serves until the test ends. Returns the port. */
async function listening(test: TestContext, listener: RequestListener): Promise<number> {
  const server = anyHttpServer(PATIENCE, listener)
  server.listen(0, '127.0.0.1')
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('a server for any HTTP', () => {
  for (const [given, first] of [
    ['a request that never ends', 'GET / HTTP/1.1\r\n'],
    ['HTTP/2 without a request', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ] as const)
    it(`given ${given}, then the connection is closed`, { timeout: 20_000 }, async test => {
      const port = await listening(test, (_, answer) => answer.end())
      const socket = connect(port, '127.0.0.1')
      socket.write(first)
      socket.resume()
      await once(socket, 'close')
      assert.ok(socket.destroyed)
    })

  const answers: readonly (readonly [string, RequestListener])[] = [
    ['that is read', request => request.resume()],
    ['that is not read', () => {}],
    ['that is answered before its end', (_, answer) => answer.end('no')],
  ]
  for (const [given, listener] of answers)
    it(`given a body of HTTP/2 ${given} and never ends, then its stream and connection are closed`, {
      timeout: 20_000,
    }, async test => {
      const port = await listening(test, listener)
      const session = connectHttp2(`http://127.0.0.1:${port}`)
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.on('error', () => {}).resume()
      const beat = setInterval(() => stream.writable && stream.write('x'), 20)
      await Promise.all([once(stream, 'close'), once(session, 'close')])
      clearInterval(beat)
    })

  it('given an answer that the client does not take, then its stream is closed', {
    timeout: 20_000,
  }, async test => {
    const port = await listening(test, (_, answer) => answer.end('no'))
    const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } })
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {}).resume()
    await once(stream, 'close')
    session.destroy()
  })

  it('given a request that is complete and an answer that goes on, then it stays open', async test => {
    const port = await listening(test, (request, answer) => {
      request.resume()
      answer.write('first')
      setTimeout(() => answer.end('last'), 4 * PATIENCE.requestTimeout)
    })
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    for (const body of ['', '{}']) {
      const stream = session.request({ ':method': body ? 'POST' : 'GET', ':path': '/' })
      stream.setEncoding('utf8')
      if (body) stream.end(body)
      let text = ''
      for await (const part of stream) text += part
      assert.equal(text, 'firstlast')
    }
    await until('a connection without a stream is closed', () => session.closed)
  })
})
