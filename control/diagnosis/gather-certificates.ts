/** Gathers the certificates that a client and servers show, whether they are valid or not. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect } from 'node:tls'

const ANSWER_MS = 5_000

export interface ClientCertificate {
  readonly certificate: string
  readonly privateKey: string
  readonly passphrase?: string
}

/** Returns the certificates of the client, if it has one, and by address those of servers. A server that shows none is missing. */
export async function gatherCertificates(
  addresses: readonly string[],
  client?: ClientCertificate,
): Promise<(readonly [subject: string, X509Certificate])[]> {
  const shown = await Promise.all(addresses.map(address => readCertificate(address, client).catch(() => {})))
  const found = [client && new X509Certificate(client.certificate), ...shown]
  return found.flatMap((one, index) => (one ? [[['client', ...addresses][index] ?? '', one] as const] : []))
}

/** @throws Error if a connection cannot use the client certificate, which its server reports */
async function readCertificate(address: string, client?: ClientCertificate) {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const { promise, resolve } = Promise.withResolvers<X509Certificate | undefined>()
  const { certificate: cert, privateKey: key, passphrase } = client ?? {}
  const socket = connect(
    {
      ...{ host, port: Number(port), timeout: ANSWER_MS, ...(isIP(host) ? {} : { servername: host }) },
      ...(client && { cert, key, passphrase }),
      // Nothing is sent, so the certificate need not be trusted.
      rejectUnauthorized: false,
    },
    () => resolve(socket.getPeerX509Certificate()),
  )
  for (const event of ['timeout', 'error']) socket.once(event, () => resolve(undefined))
  return promise.finally(() => socket.destroy())
}
