/** Gathers the certificates that servers show, whether they are valid or not. */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'

const ANSWER_MS = 5_000

/** Returns the certificates by address. A server that shows none is missing. @param client options with the client certificate */
export async function gatherCertificates(
  addresses: readonly string[],
  client: ConnectionOptions = {},
): Promise<ReadonlyMap<string, X509Certificate>> {
  const found = addresses.map(async address => [address, await readCertificate(address, client)] as const)
  return new Map((await Promise.all(found)).flatMap(([address, shown]) => (shown ? [[address, shown]] : [])))
}

function readCertificate(address: string, client: ConnectionOptions): Promise<X509Certificate | undefined> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const { promise, resolve } = Promise.withResolvers<X509Certificate | undefined>()
  const name = isIP(host) ? {} : { servername: host }
  // Nothing is sent, so the certificate need not be trusted.
  const options = { host, port: Number(port), timeout: ANSWER_MS, rejectUnauthorized: false }
  const socket = connect({ ...options, ...name, ...client }, () => resolve(socket.getPeerX509Certificate()))
  for (const event of ['timeout', 'error']) socket.once(event, () => resolve(undefined))
  return promise.finally(() => socket.destroy())
}
