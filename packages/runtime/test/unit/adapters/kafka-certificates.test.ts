import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { connectionProblem } from '@sluice/kafka-records/connecting'
import { makeCertificates } from '../../../../local-servers/testing/certificates.ts'
import { kafkaClient } from '../../../adapters/kafka/client.ts'

const periods: [given: string, from: string, to: string, says: RegExp][] = [
  ['has ended', '20240101', '20250101', /^the certificate of localhost:\d+ has expired: renew it/],
  ['begins later', '20480101', '20490101', /^the certificate of localhost:\d+ is not valid yet: check/],
]
for (const [given, from, to, says] of periods)
  it(`given a broker whose certificate ${given}, then that is the reason`, async () => {
    const { ca, client, remove } = await makeCertificates()
    const server = createServer(await client('a broker', [from, to])).on('tlsClientError', () => {})
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      const brokers = [`localhost:${(server.address() as AddressInfo).port}`]
      const connection = { brokers, clientId: 'test', auth: 'tls', ca: () => ca } as const
      const admin = kafkaClient(connection).admin({ retry: { retries: 0 } })
      await assert.rejects(admin.connect(), error => says.test(connectionProblem(error) ?? ''))
    } finally {
      server.close()
      await remove()
    }
  })

it('given a client certificate that is renewed, then the next connection shows the new one', async () => {
  const { ca, cert, key, client, remove } = await makeCertificates()
  const [old, renewed] = [await client('old'), await client('renewed')]
  const shown: string[] = []
  const server = createServer({ ca, cert, key, requestCert: true })
  server.on('secureConnection', (socket: TLSSocket) => {
    shown.push(String(socket.getPeerCertificate().subject.CN))
    // No broker: the connection is lost, and the client has to make another.
    socket.on('error', () => {}).destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const { port } = server.address() as AddressInfo
    let current = old
    const admin = kafkaClient({
      brokers: [`localhost:${port}`],
      clientId: 'test',
      auth: 'tls',
      ca: () => ca,
      certificate: () => ({ certificate: current.cert, privateKey: current.key }),
    }).admin({ retry: { retries: 0 } })
    await assert.rejects(admin.connect())
    current = renewed
    await assert.rejects(admin.connect())
    await admin.disconnect()
    assert.deepEqual([shown.at(0), shown.at(-1)], ['old', 'renewed'])
  } finally {
    server.close()
    await remove()
  }
})
