/**
 * Serverless Framework plugin that makes the servers of `serverless offline` reject requests from web pages. Browsers let any page
 * send requests to loopback addresses. Without the plugin, a page could invoke functions that publish events.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import { isLoopback } from '../../lib/support/loopback.ts'

export default class OwnRequestsPlugin {
  readonly hooks = { 'before:offline:start': guardServers, 'before:offline:start:init': guardServers }
}

/** Returns the reason why a request is rejected; undefined for a request from a local program. */
export function findRejectionReason({
  host = '',
  origin,
  'sec-fetch-site': site,
}: IncomingHttpHeaders): string | undefined {
  if (!isLoopback(host.toLowerCase().replace(/:\d+$/, '')))
    return 'The host name of the request is not local. Use 127.0.0.1 or localhost.'
  // Programs send neither header. Browsers send both or, for a page of the same origin, only `Sec-Fetch-Site`.
  if (origin !== undefined || (site !== undefined && site !== 'none'))
    return 'The request comes from a web page. Only programs may invoke functions.'
  return undefined
}

/**
 * Guards the servers. serverless-offline does not expose them, so each server is detected when its first request arrives, before
 * the request is handled.
 */
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
    const refusal = findRejectionReason(request.headers)
    // Use the format of AWS errors, which AWS clients display.
    if (refusal !== undefined)
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ Message: refusal }))
    else for (const listener of listeners) listener.call(server, request, response)
  })
}
