import { connect, type Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { freePort } from '#local-servers/ports'

/** Kafka client whose connections a test can close and reject, to simulate an outage of the brokers. */
export class SeveredKafka {
  readonly client: Kafka
  readonly #sockets = new Set<Socket>()
  readonly #deadPort: number
  #isAway = false

  private constructor(addresses: readonly string[], deadPort: number) {
    this.#deadPort = deadPort
    this.client = new Kafka({
      brokers: [...addresses],
      logLevel: logLevel.NOTHING,
      // Timeout that the console uses.
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
      socketFactory: ({ host, port, onConnect }) => {
        const socket = connect(this.#isAway ? this.#deadPort : port, host, onConnect)
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        return socket
      },
    })
  }

  static async at(addresses: readonly string[]): Promise<SeveredKafka> {
    return new SeveredKafka(addresses, await freePort())
  }

  sever(): void {
    this.#isAway = true
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    for (const socket of this.#sockets) socket.destroy(reset)
  }

  mend(): void {
    this.#isAway = false
  }
}
