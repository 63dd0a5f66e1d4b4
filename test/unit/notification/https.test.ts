import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { httpsPost } from '../../../lib/notification/adapters/https.ts'
import type { PostAnswer, PostRequest } from '../../../lib/notification/webhook/attempt.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

async function listening(server: Server, address = '127.0.0.1'): Promise<number> {
  servers.push(server)
  server.on('connection', socket => void sockets.add(socket))
  server.listen(0, address)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const answering = (listener: RequestListener) => listening(createServer(listener))
const talking = (talk: (socket: Socket) => void) =>
  listening(createSocketServer(socket => void socket.on('error', () => {}).once('data', () => talk(socket))))

function post(url: string, changes: Partial<PostRequest> = {}, resolve?: Parameters<typeof httpsPost>[0]) {
  const request = { url, headers: {}, body: '{}', timeoutMs: 2_000, allowPrivate: true, ...changes }
  return httpsPost(resolve)(request)
}

const at = (port: number, path = '/hook?a=b') => `http://127.0.0.1:${port}${path}`

describe('a request to a receiver that answers', () => {
  it('given a server, then it gets a POST with path, headers and body, and the status is the answer', async () => {
    const got: unknown[] = []
    const port = await answering(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push(
        request.method,
        request.url,
        request.headers['webhook-id'],
        request.headers['content-length'],
        body,
      )
      response.writeHead(202).end('ok')
    })
    const answer = await post(at(port), { headers: { 'webhook-id': 'n1' }, body: '{"a":"°"}' })
    assert.deepEqual(answer, { kind: 'status', status: 202 })
    assert.deepEqual(got, ['POST', '/hook?a=b', 'n1', '10', '{"a":"°"}'])
  })

  for (const status of [301, 302, 307, 308])
    it(`given a redirect with ${status}, then it is not followed`, async () => {
      let calls = 0
      const port = await answering((_, response) => {
        calls += 1
        response.writeHead(status, { location: '/elsewhere' }).end()
      })
      assert.deepEqual(await post(at(port)), { kind: 'status', status })
      assert.equal(calls, 1)
    })

  it('given Retry-After, then it is passed on', async () => {
    const port = await answering((_, response) => void response.writeHead(429, { 'retry-after': '7' }).end())
    assert.deepEqual(await post(at(port)), { kind: 'status', status: 429, retryAfter: '7' })
  })

  const liars: [given: string, listener: RequestListener][] = [
    ['garbage for a body', (_, response) => void response.end(Buffer.alloc(1_000, 0xff))],
    ['a body that never ends', (_, response) => void response.write('x')],
    [
      'less than it has announced',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('x', () => response.destroy())
      },
    ],
  ]
  for (const [given, listener] of liars)
    it(`given status 200 and ${given}, then the status counts, at once`, async () => {
      const answer = await post(at(await answering(listener)), { timeoutMs: 30_000 })
      assert.deepEqual(answer, { kind: 'status', status: 200 })
    })

  const bodies: [given: string, listener: RequestListener, body: string][] = [
    ['in pieces', (_, response) => response.write('{"ok":', () => response.end('false}')), '{"ok":false}'],
    ['that never ends', (_, response) => void response.write('x'), 'x'],
    ['that is long', (_, response) => void response.end('y'.repeat(100_000)), 'y'.repeat(16 * 1024)],
  ]
  for (const [given, listener, body] of bodies)
    it(`given a request that reads a body ${given}, then the status comes at once, and its beginning soon`, async () => {
      const answer = await post(at(await answering(listener)), { timeoutMs: 30_000, readsBody: true })
      assert.equal(answer.kind === 'status' && (await answer.body), body)
    })

  it('given a body without end, as fast as it can be sent, then little of it is read', async () => {
    const closed = Promise.withResolvers<void>()
    const piece = Buffer.alloc(65_536)
    let written = 0
    const port = await answering((_, response) => {
      const write = () => {
        do written += piece.length
        while (!response.destroyed && response.write(piece))
        if (!response.destroyed) response.once('drain', write)
      }
      response.on('close', closed.resolve)
      write()
    })
    assert.deepEqual(await post(at(port), { timeoutMs: 30_000 }), { kind: 'status', status: 200 })
    await closed.promise
    assert.ok(written < 32 * 1024 * 1024, `${written} bytes were taken, most of them by the system's buffers`)
  })

  it('given a body that stops in the middle, then the connection is not kept', async () => {
    const closed = Promise.withResolvers<void>()
    const port = await answering((_, response) => {
      response.on('close', closed.resolve)
      response.write('x')
    })
    await post(at(port), { timeoutMs: 30_000 })
    await closed.promise
  })
})

describe('a request to a receiver that does not', () => {
  const dead: [given: string, talk: (socket: Socket) => void][] = [
    ['nothing at all', () => {}],
    ['headers that never end', socket => void socket.write('HTTP/1.1 200 OK\r\nx: ')],
    ['only that it may go on', socket => void socket.write('HTTP/1.1 100 Continue\r\n\r\n')],
  ]
  for (const [given, talk] of dead)
    it(`given ${given}, then the time is up, and that is reported`, async () => {
      const answer = await post(at(await talking(talk)), { timeoutMs: 150 })
      assert.deepEqual(answer, { kind: 'no-answer', why: 'did not answer within 0.15 s', timedOut: true })
    })

  const failing: [given: string, talk: (socket: Socket) => void, why: RegExp][] = [
    [
      'a connection that is closed',
      socket => void socket.destroy(),
      /^closed the connection without an answer \(ECONNRESET\)$/,
    ],
    ['something else than HTTP', socket => void socket.end('SSH-2.0-OpenSSH\r\n'), /^failed \(HPE_/],
    [
      'headers without bound',
      socket => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      /^failed \(HPE_HEADER_OVERFLOW\)$/,
    ],
  ]
  for (const [given, talk, why] of failing)
    it(`given ${given}, then there is no answer, and it may be tried again`, async () => {
      const answer = await post(at(await talking(talk)))
      assert.equal(answer.kind, 'no-answer')
      assert.match((answer as { why: string }).why, why)
      assert.equal((answer as { timedOut: boolean }).timedOut, false)
    })

  it('given a closed port, then it refuses connections', async () => {
    const port = await answering(() => {})
    servers.at(-1)?.close()
    assert.deepEqual(await post(at(port)), {
      kind: 'no-answer',
      why: 'refuses connections (ECONNREFUSED)',
      timedOut: false,
    })
  })

  it('given a name that takes too long to resolve, then the time-out counts that, too', async () => {
    const answer = await post(
      'https://slow.example/',
      { timeoutMs: 100 },
      { resolve: () => new Promise(() => {}) },
    )
    assert.deepEqual(answer, { kind: 'no-answer', why: 'did not answer within 0.1 s', timedOut: true })
  })

  it('given a name that cannot be resolved, then neither name nor address is repeated', async () => {
    const resolve = () =>
      Promise.reject(Object.assign(new Error('ENOTFOUND secret.example'), { code: 'ENOTFOUND' }))
    const answer = await post('https://secret.example/token', {}, { resolve })
    assert.deepEqual(answer, {
      kind: 'no-answer',
      why: 'its host name cannot be resolved (ENOTFOUND)',
      timedOut: false,
    })
  })
})

describe('an address that must not be called', () => {
  const getReason = (answer: PostAnswer) => (answer.kind === 'refused' ? answer.why : answer.kind)
  const refused: [url: string, allowPrivate: boolean, why: RegExp][] = [
    ['https://127.0.0.1/', false, /^its host name resolves to a private address/],
    ['https://[::1]/', false, /^its host name resolves to a private address/],
    ['https://0x7f.1/', false, /^its host name resolves to a private address/],
    ['https://2130706433/', false, /^its host name resolves to a private address/],
    ['https://[::ffff:10.0.0.1]/', false, /^its host name resolves to a private address/],
    [
      'http://169.254.169.254/latest/meta-data/',
      true,
      /^its host name resolves to an address that is not allowed/,
    ],
    ['http://[fd00:ec2::254]/', true, /^its host name resolves to an address that is not allowed/],
    ['http://8.8.8.8/', true, /^its address is public, so its URL must begin with https/],
    ['ftp://8.8.8.8/', true, /^its URL must begin with https/],
    ['nonsense', true, /^its address cannot be read/],
  ]
  for (const [url, allowPrivate, why] of refused)
    it(`given ${url}, then nothing is sent`, async () => {
      assert.match(getReason(await post(url, { allowPrivate })), why)
    })

  it('given a name with one private address, then no address is called', async () => {
    const resolve = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]
    assert.match(
      getReason(await post('https://both.example/', { allowPrivate: false }, { resolve })),
      /private/,
    )
  })

  it('given a name that leads elsewhere a moment after it was checked, then only the first counts', async () => {
    let calls = 0
    const port = await answering(() => {
      calls += 1
    })
    // The first address has no listener.
    const addresses = ['127.0.0.2', '127.0.0.1']
    let resolved = 0
    const resolve = async () => [{ address: addresses[resolved++] ?? '', family: 4 }]
    const answer = await post(`http://rebound.invalid:${port}/`, {}, { resolve })
    assert.equal(answer.kind, 'no-answer')
    assert.deepEqual([resolved, calls], [1, 0])
  })

  it('given a name, then exactly the address that was checked is called, without another look-up', async () => {
    const port = await answering((request, response) => void response.end(request.headers.host))
    let resolved = 0
    const resolve = async () => {
      resolved += 1
      return [{ address: '127.0.0.1', family: 4 }]
    }
    // Such a name has no address: only what `resolve` says can have been called.
    assert.deepEqual(await post(`http://hook.invalid:${port}/`, {}, { resolve }), {
      kind: 'status',
      status: 200,
    })
    assert.equal(resolved, 1)
  })
})
