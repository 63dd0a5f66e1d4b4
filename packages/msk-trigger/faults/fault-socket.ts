import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Log } from '../support/serverless.ts'
import { type Fault, readFault } from './faults.ts'

export interface FaultTarget {
  readonly functionKey: string
  readonly topic: string
  /** Resolves when the fault is in effect, or armed for the next batch. */
  inject(fault: Fault): Promise<void>
}

/** Accepts faults over a Unix socket, one line of JSON each. The response to each line shows a test that its fault is in effect. */
export class FaultSocket {
  readonly #path: string
  readonly #sources: () => readonly FaultTarget[]
  readonly #log: Log
  readonly #server: Server
  readonly #connections = new Set<Socket>()

  constructor(path: string, sources: () => readonly FaultTarget[], log: Log) {
    this.#path = path
    this.#sources = sources
    this.#log = log
    this.#server = createServer(socket => this.#serve(socket))
    this.#server.on('error', error =>
      log.error(`msk  faults cannot be injected at ${path}: ${error.message}`),
    )
  }

  /** Starts listening. If a killed process has left a socket behind, it is removed first. */
  listen(): void {
    const probe = connect(this.#path)
    probe.once('connect', () => {
      probe.destroy()
      this.#log.error(`msk  faults cannot be injected at ${this.#path}: another process listens there`)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') rmSync(this.#path, { force: true })
      this.#server.listen(this.#path, () => this.#log.notice(`msk  faults can be injected at ${this.#path}`))
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#connections) socket.destroy()
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    socket.on('close', () => this.#connections.delete(socket))
    const lines = createInterface({ input: socket })
    // A client may disconnect without waiting for the response. `lines` emits the errors of the socket as well.
    for (const emitter of [socket, lines]) emitter.on('error', () => {})
    lines.on('line', line => {
      const answer = (content: object) => socket.writable && socket.write(`${JSON.stringify(content)}\n`)
      this.#inject(line).then(
        () => answer({ ok: true }),
        error => answer({ error: (error as Error).message }),
      )
    })
  }

  async #inject(line: string): Promise<void> {
    const fault = readFault(line)
    const targets = this.#sources().filter(
      ({ functionKey, topic }) =>
        functionKey === fault.function && (fault.topic === undefined || fault.topic === topic),
    )
    const [source, another] = targets
    if (!source) throw new Error(`function "${fault.function}" has no such Kafka event`)
    if (another) throw new Error(`function "${fault.function}" has several Kafka events: name the topic`)
    await source.inject(fault)
    this.#log.notice(`msk  fault: ${line}`)
  }
}
