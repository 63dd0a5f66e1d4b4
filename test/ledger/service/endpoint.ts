/** Calls functions over HTTP, as the endpoint of Lambda does, on the port that the command line names. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { LOOPBACK } from '#local-servers/ports.ts'

export async function serveFunctions(
  invoke: (name: string, event: object) => Promise<unknown>,
): Promise<void> {
  const server = createServer(async (request, response) => {
    const name = /\/functions\/ledger-local-([\w-]+)\/invocations$/.exec(request.url ?? '')?.[1] ?? ''
    try {
      response.end(JSON.stringify((await invoke(name, JSON.parse(await text(request)))) ?? null))
    } catch (error) {
      response.writeHead(502).end(JSON.stringify({ errorMessage: (error as Error).message }))
    }
  }).listen(Number(process.argv[2]), LOOPBACK)
  await once(server, 'listening')
}
