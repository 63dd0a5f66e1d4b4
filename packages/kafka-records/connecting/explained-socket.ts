/**
 * Connections whose errors explain why TLS has failed, or that a broker has named an address that cannot be reached. Other Kafka
 * clients report only the messages of OpenSSL and of the network.
 */
import { X509Certificate } from 'node:crypto'
import { connect, isIP, isIPv6, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const KEEP_ALIVE_MS = 60_000
const TLS_ALERT = 0x15
const TLS_MAJOR_VERSION = 0x03

/** Time limit for connecting to an address that a broker has named, in milliseconds. It is shorter than that of the clients. */
const CONNECT_MS = 2_500

/** Code of errors whose messages come from this module. */
const EXPLAINED = 'ERR_KAFKA_CONNECTION'

/** Addresses to which this process has been connected. If one of them is away later, its broker has not named it wrongly. */
const reached = new Set<string>()

/** Advice for each kind of failure, provided by the caller. Each text must be the end of a sentence. */
export interface TlsAdvice {
  /** The server's certificate is from an untrusted authority. */
  readonly unknownAuthority: string
  /** The server expects TLS, but the connection is unencrypted. */
  readonly tlsExpected: string
  /** The server does not respond with TLS. */
  readonly plainTextExpected: string
  /** The server requires a client certificate, but none was sent. */
  readonly certificateWanted: string
}

interface SocketAddress {
  readonly host: string
  readonly port: number
  readonly onConnect: () => void
}

/**
 * Returns addresses for the setting `brokers` of kafkajs, which splits them at colons. The colons of an IPv6 address, such as
 * `[::1]:9092`, are replaced, and `explainedSocket` restores them.
 */
export function toKafkajsBrokers(brokers: readonly string[]): string[] {
  return brokers.map(broker => broker.replace(/^\[.+\]/, host => host.replaceAll(':', '_')))
}

/**
 * Opens a connection in the same way as kafkajs, with clear errors.
 *
 * @param tls undefined for an unencrypted connection
 * @param brokers addresses in the settings of the client. Brokers that answer there have named all others.
 */
export function explainedSocket(
  { host: named, port, onConnect }: SocketAddress,
  tls: ConnectionOptions | undefined,
  advice: TlsAdvice,
  brokers: readonly string[],
): Socket {
  const host = named.replace(/^\[(.*)\]$/, (_, address: string) => address.replaceAll('_', ':'))
  const place = { host, port }
  const socket = tls
    ? connectTls({ ...place, ...(isIP(host) ? {} : { servername: host }), ...tls }, onConnect)
    : connect(place, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  const server = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  // Register these listeners before the client registers its own, so that they are called first.
  socket.once('connect', () => reached.add(server))
  if (!brokers.includes(server) && !reached.has(server)) explainAdvertised(socket, server, brokers)
  if (tls) explainErrors(socket, error => tlsFailure(error, server, advice, tls.cert && `${tls.cert}`))
  else
    refuseAlert(socket, `${server} expects TLS, but the connection is not encrypted: ${advice.tlsExpected}`)
  return socket
}

/** Explains why an address that a broker has named cannot be reached. */
function explainAdvertised(socket: Socket, server: string, brokers: readonly string[]): void {
  const explain = (error: Error) => {
    const answering = brokers.filter(broker => reached.has(broker)).join(' or ')
    const message =
      `the broker at ${answering} names ${server} as its address, which cannot be reached from here (${error.message}): ` +
      'set its advertised.listeners to an address that clients can reach, or start the broker there'
    Object.assign(error, { message, code: EXPLAINED })
  }
  const late = new Error(`no answer within ${CONNECT_MS / 1_000} s`)
  const timer = setTimeout(() => socket.destroy(late), CONNECT_MS)
  socket.once('error', explain).once('connect', () => socket.off('error', explain))
  socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

/**
 * Returns a sentence that describes a problem with encryption or with the address of a broker; undefined for any other error. The
 * error may be wrapped in another error.
 */
export function connectionProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message, cause } = error as Error & { code?: string }
  return code === EXPLAINED ? message.replace(/^Connection error: /, '') : connectionProblem(cause)
}

function explainErrors(socket: Socket, explain: (error: TlsError) => string | undefined): void {
  socket.on('error', (error: TlsError) => {
    const sentence = explain(error)
    if (sentence !== undefined) Object.assign(error, { message: sentence, code: EXPLAINED })
  })
}

/** Detects the TLS alert that a TLS server sends in response to unencrypted data, before it closes the connection. */
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
  /** Certificate of the server. Set only if the name in the certificate is the problem. */
  readonly cert?: { readonly subjectaltname?: string }
}

/**
 * Returns a sentence that explains why a TLS connection has failed; undefined for any other error.
 *
 * @param server `host:port` of the server
 * @param certificate client certificate in PEM form, if there is one
 */
export function tlsFailure(
  { code = '', message, cert }: TlsError,
  server: string,
  advice: TlsAdvice,
  certificate: string | undefined,
): string | undefined {
  const itsCertificate = `the certificate of ${server}`
  if (UNKNOWN_AUTHORITY.has(code))
    return `${itsCertificate} is from an unknown authority: ${advice.unknownAuthority}`
  if (code === 'CERT_HAS_EXPIRED') return `${itsCertificate} has expired: renew it on the server`
  if (code === 'CERT_NOT_YET_VALID')
    return `${itsCertificate} is not valid yet: check the clock of this machine`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${itsCertificate} is for other host names: ${cert?.subjectaltname ?? 'none'}`
  if (NOT_TLS.test(message)) return `${server} does not answer with TLS: ${advice.plainTextExpected}`
  if (!CERTIFICATE_REFUSED.test(message)) return undefined
  return certificate === undefined
    ? `${server} requires a client certificate: ${advice.certificateWanted}`
    : `${server} does not accept the client certificate${describeInvalidity(certificate, Date.now())}`
}

/** Returns why a certificate is not valid at present, as the end of a sentence; empty if its time is not the reason. */
function describeInvalidity(certificate: string, nowMs: number): string {
  const { validFromDate: from, validToDate: to } = new X509Certificate(certificate)
  if (to.getTime() < nowMs) return `, which ended on ${to.toISOString()}: renew it`
  return from.getTime() > nowMs ? `, which is not valid before ${from.toISOString()}` : ''
}
