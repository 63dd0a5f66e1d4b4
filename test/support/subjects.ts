/** Schema registry for a test, with the part of the Confluent API that lists subjects. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SubjectsRegistry {
  readonly uri: string
  close(): Promise<void>
}

/** @param answers responses by path. A path without one is unknown; `late` is never answered */
export async function startSubjects(
  answers: Readonly<Record<string, unknown>>,
  status = 200,
): Promise<SubjectsRegistry> {
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[url]
    if (answer === 'late') return
    response.statusCode = answer === undefined ? 404 : status
    response.end(JSON.stringify(answer ?? { error_code: 40401, message: 'not found' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
