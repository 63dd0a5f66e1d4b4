import { connect } from 'node:net'

/** Kind of server at the address of a broker. A single short request determines it. */
export type Listener =
  /** Kafka without TLS, which responds to the request before authentication. */
  | 'kafka'
  | 'http'
  | 'tls'
  /** Server that responds, but is not Kafka. */
  | 'foreign'
  /** Server that closes the connection without a response, possibly a broker that expects TLS. */
  | 'closes'
  /** Server that accepts the connection but sends nothing. */
  | 'silent'
  | 'refused'
  | 'unknown-name'
  /** Unreachable: no connection within the time limit, or no route to the network. */
  | 'away'

const PROBE_MS = 1_500

/**
 * Delay before a line end is sent, in milliseconds. Kafka responds within this time, whereas servers of text protocols wait for a
 * line end.
 */
const END_OF_LINE_AFTER_MS = 700
const END_OF_LINE = '\r\n\r\n'

/** Correlation id of the request. Kafka repeats it in the response. */
const REQUEST_ID = 0x6d736b30

/** Determines the kind of server at an address, over a separate connection. Takes at most 1.5 s. Never rejects. */
export function probe(broker: string): Promise<Listener> {
  const { host, port } = addressOf(broker)
  const { promise, resolve } = Promise.withResolvers<Listener>()
  const socket = connect({ host, port })
  let isConnected = false
  let answer = Buffer.alloc(0)
  const endOfLine = setTimeout(() => isConnected && socket.write(END_OF_LINE), END_OF_LINE_AFTER_MS)
  const tooLate = setTimeout(() => resolve(isConnected ? 'silent' : 'away'), PROBE_MS)
  socket.on('connect', () => {
    isConnected = true
    socket.write(apiVersionsRequest())
  })
  socket.on('data', chunk => {
    answer = Buffer.concat([answer, chunk])
    if (answer.length >= 8) resolve(whoAnswers(answer))
  })
  socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(whyNot(code, isConnected)))
  socket.on('close', () => resolve(answer.length > 0 ? whoAnswers(answer) : 'closes'))
  return promise.finally(() => {
    clearTimeout(endOfLine)
    clearTimeout(tooLate)
    socket.destroy()
  })
}

/** Returns an `ApiVersions` request in its oldest version, to which Kafka responds without authentication. */
function apiVersionsRequest(): Buffer {
  const request = Buffer.alloc(14)
  request.writeInt32BE(request.length - 4, 0)
  request.writeInt16BE(18, 4)
  request.writeInt16BE(0, 6)
  request.writeInt32BE(REQUEST_ID, 8)
  // A length of -1 means that there is no client id.
  request.writeInt16BE(-1, 12)
  return request
}

function whoAnswers(answer: Buffer): Listener {
  if (answer.subarray(0, 5).toString('latin1') === 'HTTP/') return 'http'
  // A TLS alert begins with its content type and the major version of TLS.
  if (answer[0] === 0x15 && answer[1] === 3) return 'tls'
  return answer.length >= 8 && answer.readInt32BE(4) === REQUEST_ID ? 'kafka' : 'foreign'
}

function whyNot(code: string | undefined, isConnected: boolean): Listener {
  if (isConnected) return 'closes'
  if (code === 'ECONNREFUSED') return 'refused'
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'unknown-name' : 'away'
}

function addressOf(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) }
}
