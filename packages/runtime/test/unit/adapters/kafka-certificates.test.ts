import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { connectionProblem } from '@sluice/kafka-records/connecting'
import { makeCertificates } from '@sluice/test-kit/certificates'
import { kafkaClient } from '../../../adapters/kafka/client.ts'

const { ca, cert, key, client, remove } = await makeCertificates()
after(remove)

/** Starts a server, and returns a client of Kafka that connects to it. */
async function connectTo(server: Server, certificate?: () => { certificate: string; privateKey: string }) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  after(() => server.close())
  const brokers = [`localhost:${(server.address() as AddressInfo).port}`]
  const own = certificate ? { certificate } : {}
  const connection = { brokers, clientId: 'test', auth: 'tls', ca: () => ca, ...own } as const
  return kafkaClient(connection).admin({ retry: { retries: 0 } })
}

const periods: [given: string, from: string, to: string, says: RegExp][] = [
  ['has ended', '20240101', '20250101', /^the certificate of localhost:\d+ has expired: renew it/],
  ['begins later', '20480101', '20490101', /^the certificate of localhost:\d+ is not valid yet: check/],
]
for (const [given, from, to, says] of periods)
  it(`given a broker whose certificate ${given}, then that is the reason`, async () => {
    const server = createServer(await client('a broker', [from, to])).on('tlsClientError', () => {})
    const admin = await connectTo(server)
    await assert.rejects(admin.connect(), error => says.test(connectionProblem(error) ?? ''))
  })

// Promise docs/kafka-security.md#certificates | A renewed client certificate is shown by the next connection.
it('given a client certificate that is renewed, then the next connection shows the new one', async () => {
  const [old, renewed] = [await client('old'), await client('renewed')]
  const shown: string[] = []
  const server = createServer({ ca, cert, key, requestCert: true })
  server.on('secureConnection', (socket: TLSSocket) => {
    shown.push(String(socket.getPeerCertificate().subject.CN))
    // No broker: the connection is lost, and the client has to make another.
    socket.on('error', () => {}).destroy()
  })
  let current = old
  const admin = await connectTo(server, () => ({ certificate: current.cert, privateKey: current.key }))
  await assert.rejects(admin.connect())
  current = renewed
  await assert.rejects(admin.connect())
  await admin.disconnect()
  assert.deepEqual([shown.at(0), shown.at(-1)], ['old', 'renewed'])
})
