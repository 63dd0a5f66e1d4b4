/** A server for HTTP/1.1 and for HTTP/2 without TLS on one port. Clients of ksqlDB use either. */
import { createServer as createHttp1, type RequestListener, type ServerOptions } from 'node:http'
import {
  constants,
  createServer as createHttp2,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'

/** First bytes of a connection that speaks HTTP/2. No method of HTTP/1.1 begins with them. */
const HTTP2_PREFACE = 'PRI'
/** Time for which a connection may send nothing at its begin, in milliseconds. */
const SILENT_MS = 10_000
const STREAMS_OF_CONNECTION = 100
/** Time for which a request may be incomplete. With HTTP/2, also an answer not taken, or a connection without a stream. In milliseconds. */
const REQUEST_MS = 30_000
const CONNECTIONS = 500

/** Returns the server. `closeAllConnections` ends it as it ends one for HTTP/1.1. */
export function anyHttpServer(
  options: ServerOptions,
  listener: RequestListener,
): Server & { closeAllConnections(): void } {
  const http1 = createHttp1({ requestTimeout: REQUEST_MS, ...options }, listener)
  const http2 = createHttp2({ settings: { maxConcurrentStreams: STREAMS_OF_CONNECTION } }, listener as never)
  // A malformed connection ends by itself.
  http2.on('sessionError', () => {})
  const check = endStalled(http2, options.requestTimeout ?? REQUEST_MS)
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(SILENT_MS, () => socket.destroy())
    socket.once('data', (first: Buffer) => {
      socket.setTimeout(0).removeAllListeners('timeout')
      socket.pause()
      socket.unshift(first)
      const isHttp2 = first.subarray(0, HTTP2_PREFACE.length).toString('latin1') === HTTP2_PREFACE
      const speaking = isHttp2 ? http2 : http1
      speaking.emit('connection', socket)
      if (!isHttp2) socket.resume()
    })
  })
  server.maxConnections = CONNECTIONS
  // A server looks for slow requests only while it listens, and this one gets its connections from the other.
  server.once('listening', () => http1.emit('listening'))
  server.once('close', () => {
    http1.close()
    clearInterval(check)
  })
  return Object.assign(server, {
    closeAllConnections: () => {
      for (const socket of open) socket.destroy()
    },
  })
}

/**
 * Ends what has stalled at two checks in a row: streams whose request is incomplete or whose answer is not taken, and sessions
 * without a stream. A stream that sends rows has neither. Node.js limits the time of requests only for HTTP/1.1.
 */
function endStalled(http2: Http2Server, ms: number): NodeJS.Timeout {
  const sessions = new Map<ServerHttp2Session, Set<ServerHttp2Stream>>()
  http2.on('session', session => {
    const streams = new Set<ServerHttp2Stream>()
    sessions.set(session, streams)
    session.once('close', () => sessions.delete(session))
    session.on('stream', stream => {
      streams.add(stream)
      stream.once('close', () => streams.delete(stream))
    })
  })
  let before = new Set<object>()
  return setInterval(() => {
    const stalled = new Set<object>()
    const end = (part: object, isStalled: boolean, close: () => void) => {
      if (isStalled && before.has(part)) close()
      else if (isStalled) stalled.add(part)
    }
    for (const [session, streams] of sessions) {
      end(session, streams.size === 0, () => session.destroy())
      for (const stream of streams) {
        const isRead = stream.endAfterHeaders || stream.readableEnded
        end(stream, !isRead || stream.writableEnded, () => stream.close(constants.NGHTTP2_CANCEL))
      }
    }
    before = stalled
  }, ms)
}
