import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type Fault, readFault } from './faults.ts'
import type { Log } from './framework.ts'

/** An event source, as far as faults go. */
export interface Faulty {
  readonly functionKey: string
  readonly topic: string
  /** Resolves when the fault is there, or ready to strike. */
  inject(fault: Fault): Promise<void>
}

/**
 * Takes faults over a Unix socket: a line of JSON each, answered by a line of JSON, `{"ok":true}` or
 * `{"error":"why not"}`. A file would say nothing back, and a test would have to guess when a fault is in place.
 */
export class FaultSocket {
  readonly #path: string
  readonly #sources: readonly Faulty[]
  readonly #log: Log
  readonly #server: Server
  readonly #connections = new Set<Socket>()

  constructor(path: string, sources: readonly Faulty[], log: Log) {
    this.#path = path
    this.#sources = sources
    this.#log = log
    this.#server = createServer(socket => this.#serve(socket))
    this.#server.on('error', error =>
      log.error(`msk  no faults can be asked for at ${path}: ${error.message}`),
    )
  }

  /** Listens; a socket that a killed process has left behind is removed before. */
  listen(): void {
    const left = connect(this.#path)
    left.once('connect', () => {
      left.destroy()
      this.#log.error(`msk  no faults can be asked for at ${this.#path}: another process listens there`)
    })
    left.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') rmSync(this.#path, { force: true })
      this.#server.listen(this.#path, () => this.#log.notice(`msk  faults are taken at ${this.#path}`))
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
    // One that asks and does not wait for the answer. The lines pass on the errors of the socket.
    for (const one of [socket, lines]) one.on('error', () => {})
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
    const meant = this.#sources.filter(
      ({ functionKey, topic }) =>
        functionKey === fault.function && (fault.topic === undefined || fault.topic === topic),
    )
    const [source, another] = meant
    if (!source) throw new Error(`function "${fault.function}" has no such Kafka event`)
    if (another) throw new Error(`function "${fault.function}" has several Kafka events: name the topic`)
    await source.inject(fault)
    this.#log.notice(`msk  fault: ${line}`)
  }
}
