/** Proxy in front of a broker. It drops responses to produce requests, or delays the requests. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net'
import kafkajs, { type Kafka } from 'kafkajs'
import { LOOPBACK } from './local-servers.ts'

const PRODUCE = 0

/**
 * Handling of a produce request: `pass` forwards it; `swallow` drops the response; `cut` closes the connection instead of
 * responding; `late` sends the request to the broker only after the next request was answered, over another connection.
 */
export type ConnectionFault = 'pass' | 'swallow' | 'cut' | 'late'

export interface KafkaFront {
  /** A client whose connections all use the proxy. */
  readonly kafka: Kafka
  /** Number of produce requests, by handling. */
  readonly met: Readonly<Record<ConnectionFault, number>>
  stop(): Promise<void>
}

/** Starts the proxy. @param fateOf returns the handling of each produce request */
export async function startKafkaFront(
  brokers: readonly string[],
  fateOf: () => ConnectionFault,
): Promise<KafkaFront> {
  const met = { pass: 0, swallow: 0, cut: 0, late: 0 }
  const open = new Set<Socket>()
  const servers: Server[] = []
  const ports = new Map<string, Promise<number>>()
  const late: Buffer[] = []

  const portFor = (host: string, port: number) => {
    const address = `${host}:${port}`
    const known = ports.get(address) ?? listen(host, port)
    ports.set(address, known)
    return known
  }

  const listen = async (host: string, port: number) => {
    const server = createServer(front => serve(front, track(connect(port, host)), host, port))
    servers.push(server)
    server.listen(0, LOOPBACK)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  const track = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    return socket
  }

  const serve = (front: Socket, back: Socket, host: string, port: number) => {
    track(front)
    const fates = new Map<number, ConnectionFault>()
    front.once('close', () => back.end())
    back.once('close', () => front.destroy())
    onFrames(front, frame => {
      if (frame.readInt16BE(4) !== PRODUCE) return back.write(frame)
      const fate = fateOf()
      met[fate]++
      fates.set(frame.readInt32BE(8), fate)
      return fate === 'late' ? late.push(frame) : back.write(frame)
    })
    onFrames(back, frame => {
      const fate = fates.get(frame.readInt32BE(4))
      if (fate === 'cut') return front.destroy()
      if (fate === 'swallow') return undefined
      front.write(frame)
      // Send the delayed requests, which their retries have overtaken.
      if (fate === 'pass') for (const request of late.splice(0)) track(connect(port, host)).end(request)
      return undefined
    })
  }

  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = new Socket()
      void portFor(host, port).then(front => socket.connect(front, LOOPBACK, onConnect))
      return socket
    },
  })
  return {
    kafka,
    met,
    async stop() {
      for (const socket of open) socket.destroy()
      await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
    },
  }
}

/** Calls `take` for each complete frame: a length, followed by this number of bytes. */
function onFrames(socket: Socket, take: (frame: Buffer) => unknown): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0)
      if (rest.length < end) return
      take(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  })
}
