/**
 * A plugin of the framework: the servers of `serverless offline` answer programs of this machine, and no web page. A browser sends what
 * any page asks for to loopback addresses, too, so a page could invoke functions, which erase entities and publish events.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import { isLoopback } from '../../lib/app/loopback.ts'

export default class OwnRequestsPlugin {
  readonly hooks = { 'before:offline:start': guardServers, 'before:offline:start:init': guardServers }
}

/** Returns why a request is refused; undefined for one of a program on this machine. */
export function refusalOf({
  host = '',
  origin,
  'sec-fetch-site': site,
}: IncomingHttpHeaders): string | undefined {
  if (!isLoopback(host.toLowerCase().replace(/:\d+$/, '')))
    return 'The request names another host than this machine: use 127.0.0.1 or localhost.'
  // Programs send neither. A browser sends both, or the second alone where a page of the same address asks.
  if (origin !== undefined || (site !== undefined && site !== 'none'))
    return 'The request comes from a web page: only programs may invoke functions.'
  return undefined
}

/** The servers are private to serverless-offline, so each is found by its first request, before that one is handled. */
function guardServers(): void {
  const guarded = new WeakSet<Server>()
  subscribe('http.server.request.start', message => {
    const { server } = message as { readonly server: Server }
    if (guarded.has(server)) return
    guarded.add(server)
    for (const event of ['request', 'checkContinue']) guard(server, event)
  })
}

function guard(server: Server, event: string): void {
  const listeners = server.rawListeners(event)
  if (listeners.length === 0) return
  server.removeAllListeners(event)
  server.on(event, (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request.headers)
    // The message is in the form of AWS, whose clients show it.
    if (refusal !== undefined)
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ Message: refusal }))
    else for (const listener of listeners) listener.call(server, request, response)
  })
}
