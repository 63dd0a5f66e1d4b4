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

function explainErrors(socket: Socket, explain: (error: TlsError) => string | undefined): void {
  socket.on('error', (error: TlsError) => {
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

const NOT_TLS = /before secure TLS connection was established|wrong version number|packet length too long/
const CERTIFICATE_REFUSED =
  /alert (bad certificate|certificate (required|unknown|expired|revoked)|unknown ca)/i

interface TlsError extends NodeJS.ErrnoException {
  /** Of the broker, where its name is the problem. */
  readonly cert?: { readonly subjectaltname?: string }
}

function tlsFailure(error: TlsError, broker: string, hasCertificate: boolean): string | undefined {
  const { code = '', message, cert } = error
  const itsCertificate = `the certificate of ${broker}`
  if (UNKNOWN_AUTHORITY.has(code))
    return `${itsCertificate} is from an unknown authority: KAFKA_CA_FILE (--ca-file) must name the authority's certificate`
  if (code === 'CERT_HAS_EXPIRED') return `${itsCertificate} has expired`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${itsCertificate} is for other names: ${cert?.subjectaltname ?? 'it has none'}`
  if (NOT_TLS.test(message))
    return `${broker} does not answer with TLS: if its listener is in plain text, KAFKA_AUTH (--auth) must be none, or KAFKA_TLS off`
  if (!CERTIFICATE_REFUSED.test(message)) return undefined
  return hasCertificate
    ? `${broker} does not accept the client certificate`
    : `${broker} wants a client certificate: name it with KAFKA_CERT_FILE and KAFKA_KEY_FILE, or with KAFKA_SECRET`
}
