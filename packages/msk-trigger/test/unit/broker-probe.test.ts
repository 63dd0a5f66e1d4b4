import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { probe } from '../../poll/broker-probe.ts'
import { whyUnreachable } from '../../poll/unreachable.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()

async function listening(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'))
  server.on('connection', socket => sockets.add(socket))
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that answers the first bytes that it is sent. */
function answering(answer: (request: Buffer, socket: Socket) => void): Promise<string> {
  return listening(createServer(socket => socket.on('data', request => answer(request, socket))))
}

/** The answer of a broker to any request: its length, and the id of the request. */
const asKafka = (request: Buffer, socket: Socket) => {
  const answer = Buffer.alloc(14)
  answer.writeInt32BE(10, 0)
  request.copy(answer, 4, 8, 12)
  // One byte at first: an answer can arrive in pieces.
  socket.write(answer.subarray(0, 1))
  setImmediate(() => socket.write(answer.subarray(1)))
}

const connectionError = (message: string, broker: string, name = 'KafkaJSConnectionError') =>
  new Error(message, { cause: Object.assign(new Error(message), { name, broker }) })

describe('what listens at the address of a broker', () => {
  after(() => {
    for (const socket of sockets) socket.destroy()
    for (const server of servers) server.close()
  })

  it('can be Kafka', async () => assert.equal(await probe(await answering(asKafka)), 'kafka'))

  it('can be an HTTP server', async () => {
    assert.equal(await probe(await listening(createHttpServer())), 'http')
  })

  it('can be a server that waits for the end of a line', async () => {
    const answerLine = (request: Buffer, socket: Socket) => {
      if (request.includes('\r\n')) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    }
    assert.equal(await probe(await answering(answerLine)), 'http')
  })

  it('can be a server that expects TLS', async () => {
    const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 0x28])
    assert.equal(await probe(await answering((_, socket) => socket.end(alert))), 'tls')
  })

  it('can be a server of another protocol', async () => {
    assert.equal(await probe(await answering((_, socket) => socket.write('-ERR unknown\r\n'))), 'foreign')
  })

  it('can be a server that closes every connection', async () => {
    assert.equal(await probe(await answering((_, socket) => socket.destroy())), 'closes')
  })

  it('can be a server that says nothing', async () => {
    assert.equal(await probe(await answering(() => {})), 'silent')
  })

  it('can be nothing, or a host without an address', async () => {
    const server = createServer()
    const address = await listening(server)
    server.close()
    await once(server, 'close')
    assert.equal(await probe(address), 'refused')
    assert.equal(await probe('no-such-host.invalid:9092'), 'unknown-name')
  })
})

describe('the reason why Kafka does not answer', () => {
  const brokers = ['a:1', 'b:2']
  const why = (
    first: Awaited<ReturnType<typeof probe>>,
    error = connectionError('no', 'a:1'),
    second = first,
  ) => whyUnreachable(error, brokers, async broker => (broker === 'a:1' ? first : second))

  for (const [listener, text] of [
    [
      'refused',
      /^Kafka does not answer: nothing listens at a:1, nothing listens at b:2; is Kafka running at a:1,b:2\?/,
    ],
    [
      'http',
      /an HTTP server listens at a:1.*; set the address of Kafka instead \(custom\.mskTrigger\.brokers, or K/,
    ],
    ['tls', /a:1 expects TLS.*; set custom\.mskTrigger\.ssl$/],
    ['foreign', /something other than Kafka listens at a:1/],
    ['closes', /a:1 closes the connection.*; if Kafka expects TLS there, set custom\.mskTrigger\.ssl$/],
    ['silent', /a:1 accepts the connection but does not answer.*; is Kafka running at a:1,b:2\?/],
    ['unknown-name', /the host name of a:1 cannot be resolved/],
    ['away', /a:1 cannot be reached/],
  ] as const)
    it(`names what listens there: ${listener}`, async () => assert.match((await why(listener)) ?? '', text))

  it('is an advertised address that cannot be reached', async () => {
    assert.equal(
      await why('kafka', connectionError('Connection error: getaddrinfo ENOTFOUND kafka', 'kafka:29092')),
      'Kafka answers at a:1, but names kafka:29092 as the address of a broker, which cannot be reached from here ' +
        '(Connection error: getaddrinfo ENOTFOUND kafka): set its advertised.listeners to an address that this machine can reach',
    )
  })

  it('is a login that is missing', async () => {
    const closed = connectionError('Closed connection', 'a:1', 'KafkaJSConnectionClosedError')
    assert.match(
      (await why('kafka', closed)) ?? '',
      /at a:1 closes the connection: .* custom\.mskTrigger\.sasl/,
    )
  })

  it('is nothing while nothing has failed and a broker answers', async () => {
    assert.equal(await whyUnreachable(undefined, brokers, async () => 'kafka'), undefined)
    assert.match((await whyUnreachable(undefined, brokers, async () => 'silent')) ?? '', /does not answer/)
  })

  it('is the error where brokers cannot be asked without TLS', async () => {
    assert.equal(
      await whyUnreachable(connectionError('bad certificate', 'a:1'), brokers, undefined),
      'Kafka does not answer: bad certificate; is Kafka running at a:1,b:2?',
    )
    assert.equal(await whyUnreachable(undefined, brokers, undefined), undefined)
  })
})
