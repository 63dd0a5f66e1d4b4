/**
 * Schema registry for one test. It has one subject with two versions, and the part of the Confluent API that lists and shows
 * subjects.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const field = (name: string) => ({ name, type: 'string', default: '' })
const version = (number: number, ...fields: string[]) => ({
  subject: 'orders-value',
  version: number,
  id: number,
  schema: JSON.stringify({ type: 'record', name: 'Order', fields: fields.map(field) }),
})
const VERSIONS = [version(1, 'id'), version(2, 'id', 'note')]

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/subjects': ['orders-value'],
  '/subjects/orders-value/versions': [1, 2],
  '/subjects/orders-value/versions/1': VERSIONS[0],
  '/subjects/orders-value/versions/2': VERSIONS[1],
  '/subjects/orders-value/versions/latest': VERSIONS[1],
  '/config/orders-value': { compatibilityLevel: 'BACKWARD' },
}

export async function startSubjects() {
  const registry = { isAway: false, uri: '', close: async () => {} }
  const server = createServer(({ url = '' }, response) => {
    const answer = ANSWERS[url]
    response.statusCode = registry.isAway ? 500 : answer === undefined ? 404 : 200
    response.end(JSON.stringify(answer ?? { error_code: 40401, message: 'not found' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  registry.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  registry.close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return registry
}
