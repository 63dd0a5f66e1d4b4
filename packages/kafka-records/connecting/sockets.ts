/** Connections that say in plain words why TLS failed. A Kafka client passes on whatever OpenSSL says. */
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const KEEP_ALIVE_MS = 60_000
const TLS_ALERT = 0x15
const TLS_MAJOR_VERSION = 0x03

/** Marks errors whose message is written here. */
const EXPLAINED = 'ERR_KAFKA_TLS'

/** Advice for each failure, in the words of the caller. Each ends a sentence. */
export interface TlsAdvice {
  /** The server's certificate is from an authority that is not trusted. */
  readonly unknownAuthority: string
  /** The server expects TLS, and the connection is in plain text. */
  readonly tlsExpected: string
  /** The server does not answer with TLS. */
  readonly plainTextExpected: string
  /** The server wants a client certificate, and none was shown. */
  readonly certificateWanted: string
}

interface SocketAddress {
  readonly host: string
  readonly port: number
  readonly onConnect: () => void
}

/** Opens a connection as kafkajs does itself, with clear errors. @param tls undefined connects in plain text */
export function explainedSocket(
  { host, port, onConnect }: SocketAddress,
  tls: ConnectionOptions | undefined,
  advice: TlsAdvice,
): Socket {
  const place = { host, port }
  const socket = tls
    ? connectTls({ ...place, ...(isIP(host) ? {} : { servername: host }), ...tls }, onConnect)
    : connect(place, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  const server = `${host}:${port}`
  // These listeners come before the client's.
  if (tls) explainErrors(socket, error => tlsFailure(error, server, advice, tls.cert !== undefined))
  else
    refuseAlert(socket, `${server} expects TLS, but the connection is in plain text: ${advice.tlsExpected}`)
  return socket
}

/** Returns the problem with the encryption of a connection, as a sentence; undefined for other errors. They may be wrapped. */
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
function refuseAlert(socket: Socket, message: string): void {
  socket.once('data', (bytes: Buffer) => {
    if (bytes[0] !== TLS_ALERT || bytes[1] !== TLS_MAJOR_VERSION) return
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

/** An error of a TLS connection. */
export interface TlsError extends NodeJS.ErrnoException {
  /** Certificate of the server, where its name is the problem. */
  readonly cert?: { readonly subjectaltname?: string }
}

/** Returns why an encrypted connection failed, as a sentence; undefined for other errors. @param server its `host:port` */
export function tlsFailure(
  { code = '', message, cert }: TlsError,
  server: string,
  advice: TlsAdvice,
  hasCertificate: boolean,
): string | undefined {
  const itsCertificate = `the certificate of ${server}`
  if (UNKNOWN_AUTHORITY.has(code))
    return `${itsCertificate} is from an unknown authority: ${advice.unknownAuthority}`
  if (code === 'CERT_HAS_EXPIRED') return `${itsCertificate} has expired`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${itsCertificate} is for other names: ${cert?.subjectaltname ?? 'it has none'}`
  if (NOT_TLS.test(message)) return `${server} does not answer with TLS: ${advice.plainTextExpected}`
  if (!CERTIFICATE_REFUSED.test(message)) return undefined
  return hasCertificate
    ? `${server} does not accept the client certificate`
    : `${server} wants a client certificate: ${advice.certificateWanted}`
}
