/** A server for HTTP/1.1 and for HTTP/2 without TLS on one port. Clients of ksqlDB use either. */
import { createServer as createHttp1, type RequestListener, type ServerOptions } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'

/** First bytes of a connection that speaks HTTP/2. No method of HTTP/1.1 begins with them. */
const HTTP2_PREFACE = 'PRI'
/** Time for which a connection may send nothing at its begin, in milliseconds. */
const SILENT_MS = 10_000
const STREAMS_OF_CONNECTION = 100
/** Time for which a connection of HTTP/2 may have no stream, in milliseconds. */
const IDLE_MS = 60_000
const CONNECTIONS = 500

/** Returns the server. `closeAllConnections` ends it as it ends one for HTTP/1.1. */
export function anyHttpServer(
  options: ServerOptions,
  listener: RequestListener,
): Server & { closeAllConnections(): void } {
  const http1 = createHttp1(options, listener)
  const http2 = createHttp2({ settings: { maxConcurrentStreams: STREAMS_OF_CONNECTION } }, listener as never)
  // A malformed connection ends by itself.
  http2.on('sessionError', () => {})
  http2.on('session', session => {
    let streams = 0
    session.on('stream', stream => {
      streams += 1
      stream.once('close', () => {
        streams -= 1
      })
    })
    session.setTimeout(options.keepAliveTimeout ?? IDLE_MS, () => {
      if (streams === 0) session.close()
    })
  })
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
  server.once('close', () => http1.close())
  return Object.assign(server, {
    closeAllConnections: () => {
      for (const socket of open) socket.destroy()
    },
  })
}
