import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { redisUrl } from '@sluice/test-kit/servers'
import { Redis } from 'ioredis'

const ECHO_EVERY_MS = 500
/** A reported command: time, `[database source]`, and the name. Commands of scripts have the source `lua`. */
const REPORTED = /^\+[\d.]+ \[\d+ (?<source>[^\]]+)\] "(?<name>[^"]+)"/

/**
 * Records the commands that clients send for certain keys, using MONITOR on a connection of its own. ioredis mistakes a command that
 * is reported right after the answer to MONITOR for an answer, and fails.
 */
export class RedisMonitor {
  readonly #redis = new Redis(redisUrl())
  readonly #monitor: Socket
  readonly #commands: string[] = []
  #awaited: { readonly sentinel: string; readonly onSeen: () => void } | undefined

  private constructor(monitor: Socket, part: string) {
    this.#monitor = monitor
    createInterface({ input: monitor }).on('line', line => {
      if (this.#awaited && line.includes(this.#awaited.sentinel)) this.#awaited.onSeen()
      const { source, name } = REPORTED.exec(line)?.groups ?? {}
      if (name !== undefined && source !== 'lua' && line.includes(part))
        this.#commands.push(name.toLowerCase())
    })
  }

  /** Starts the monitor. @param part substring of the keys to watch */
  static async of(part: string): Promise<RedisMonitor> {
    const { hostname, port } = new URL(redisUrl())
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write('MONITOR\r\n')
    return new RedisMonitor(socket, part)
  }

  /** Returns the commands that clients sent while `work` was running, in order. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    await this.#untilSeen()
    this.#commands.length = 0
    await work()
    await this.#untilSeen()
    return [...this.#commands]
  }

  close(): void {
    this.#monitor.destroy()
    this.#redis.disconnect()
  }

  /**
   * Waits until the monitor has seen all commands. The server reports commands in order, so once it has reported this ECHO, the
   * monitor has seen all earlier commands.
   */
  async #untilSeen(): Promise<void> {
    const sentinel = `seen ${Math.random()}`
    const seen = Promise.withResolvers<void>()
    this.#awaited = { sentinel, onSeen: seen.resolve }
    // An ECHO that is sent before the server has begun to report is not seen.
    const again = setInterval(() => void this.#redis.echo(sentinel).catch(() => {}), ECHO_EVERY_MS)
    try {
      await this.#redis.echo(sentinel)
      await seen.promise
    } finally {
      clearInterval(again)
      this.#awaited = undefined
    }
  }
}
