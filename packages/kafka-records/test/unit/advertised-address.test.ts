import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { connectionProblem, explainedSocket, toKafkajsBrokers } from '@sluice/kafka-records/connecting'
import { freePort } from '@sluice/test-kit/local-servers'

const ADVICE = { unknownAuthority: '', tlsExpected: '', plainTextExpected: '', certificateWanted: '' }
const HOST = '127.0.0.1'

it('given a broker that names an address which nobody answers, then its own address and the setting are in the error', async () => {
  const server = createServer(socket => socket.end()).listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const given = [`${HOST}:${port}`]
  const open = (to: number) =>
    explainedSocket({ host: HOST, port: to, onConnect() {} }, undefined, ADVICE, given)
  const failure = async (to: number) =>
    connectionProblem((await once(open(to), 'error').catch(error => [error]))[0])
  await once(open(port), 'close')
  const free = await freePort()
  const says = `the broker at ${given} names ${HOST}:${free} as its address, which cannot be reached from here (connect ECONNREFUSED ${HOST}:${free}): set its advertised.listeners`
  assert.ok((await failure(free))?.startsWith(says))
  server.close()
  await once(server, 'close')
  // The address of the settings is not one that a broker has named.
  assert.equal(await failure(port), undefined)
})

it('given an IPv6 address, then kafkajs gets one host and one port, and the connection goes to the address', async () => {
  const free = await freePort()
  const brokers = ['localhost:1', `[::1]:${free}`]
  const [name, address = ''] = toKafkajsBrokers(brokers)
  const [host = '', port, ...rest] = address.split(':')
  assert.deepEqual([name, Number(port), rest], ['localhost:1', free, []])
  const socket = explainedSocket({ host, port: free, onConnect() {} }, undefined, ADVICE, brokers)
  const [error] = await once(socket, 'error').catch(error => [error])
  // The system refuses the address if it has no IPv6.
  assert.match(error.message, new RegExp(`^connect E[A-Z]+ ::1:${free}`))
})
