import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** Stands in for Secrets Manager: secrets by their name or ARN. */
export async function startSecretsServer() {
  const secrets = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const { SecretId } = (await json(request)) as { SecretId: string }
    const SecretString = secrets.get(SecretId)
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    response.statusCode = SecretString === undefined ? 400 : 200
    const missing = { __type: 'ResourceNotFoundException', Message: "can't find the specified secret" }
    response.end(JSON.stringify(SecretString === undefined ? missing : { Name: SecretId, SecretString }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    secrets,
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
