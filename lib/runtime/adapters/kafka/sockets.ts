/** Connections that say in plain words why TLS failed. The client library passes on whatever OpenSSL says. */
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

const KEEP_ALIVE_MS = 60_000
const TLS_ALERT = 0x15
const TLS_MAJOR_VERSION = 0x03

/** Marks errors whose message is written here. */
const EXPLAINED = 'ERR_KAFKA_TLS'

/**
 * A factory of sockets for the client library. They are those that it makes itself, with clear errors.
 *
 * @param hasCertificate whether the client shows a certificate
 */
export function explainingSockets(hasCertificate: boolean): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const place = { host, port }
    const socket = ssl
      ? connectTls({ ...place, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connect(place, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    const broker = `${host}:${port}`
    // These listeners come before the library's.
    if (ssl) explainErrors(socket, error => tlsFailure(error, broker, hasCertificate))
    else refuseAlert(socket, broker)
    return socket
  }
}

/**
 * What is wrong with the encryption of a connection, as a sentence; undefined if the error is not about that.
 *
 * @param error from the client library, which wraps what a socket has told
 */
export function tlsProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message, cause } = error as Error & { code?: string }
  return code === EXPLAINED ? message.replace(/^Connection error: /, '') : tlsProblem(cause)
}

function explainErrors(socket: Socket, explain: (error: NodeJS.ErrnoException) => string | undefined): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const sentence = explain(error)
    if (sentence !== undefined) Object.assign(error, { message: sentence, code: EXPLAINED })
  })
}

/** A listener with TLS answers plain text with an alert, and closes the connection. */
function refuseAlert(socket: Socket, broker: string): void {
  socket.once('data', (bytes: Buffer) => {
    if (bytes[0] !== TLS_ALERT || bytes[1] !== TLS_MAJOR_VERSION) return
    const message = `${broker} expects TLS, but the connection is in plain text: KAFKA_AUTH (--auth) must not be none, nor KAFKA_TLS off`
    socket.destroy(Object.assign(new Error(message), { code: EXPLAINED }))
  })
}

const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function tlsFailure(
  { code = '', message }: NodeJS.ErrnoException,
  broker: string,
  hasCertificate: boolean,
): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code))
    return `the certificate of ${broker} is from an unknown authority: KAFKA_CA_FILE (--ca-file) must name the authority's certificate`
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of ${broker} has expired`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of ${broker} is for other names: ${message.replace(/^.*altnames: /, '')}`
  if (
    /before secure TLS connection was established|wrong version number|packet length too long/.test(message)
  )
    return `${broker} does not answer with TLS: if its listener is in plain text, KAFKA_AUTH (--auth) must be none, or KAFKA_TLS off`
  if (
    /alert (bad certificate|certificate (required|unknown|expired|revoked)|unknown ca)|handshake failure/i.test(
      message,
    )
  )
    return hasCertificate
      ? `${broker} does not accept the client certificate`
      : `${broker} wants a client certificate: name it with KAFKA_CERT_FILE and KAFKA_KEY_FILE, or with KAFKA_SECRET`
  return undefined
}
