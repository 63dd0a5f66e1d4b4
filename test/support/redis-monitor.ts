import { Redis } from 'ioredis'
import { redisUrl } from './servers.ts'

const ECHO_EVERY_MS = 500

/** Records the commands that clients send for certain keys, using MONITOR on a separate connection. */
export class RedisMonitor {
  readonly #redis: Redis
  readonly #monitor: Redis
  readonly #commands: string[] = []

  private constructor(redis: Redis, monitor: Redis, part: string) {
    this.#redis = redis
    this.#monitor = monitor
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      // Ignore commands from scripts.
      if (source !== 'lua' && args.some(arg => arg.includes(part)))
        this.#commands.push(String(args[0]).toLowerCase())
    })
  }

  /** Starts the monitor. @param part substring of the keys to watch */
  static async of(part: string): Promise<RedisMonitor> {
    const redis = new Redis(redisUrl())
    return new RedisMonitor(redis, await redis.monitor(), part)
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
    this.#monitor.disconnect()
    this.#redis.disconnect()
  }

  /**
   * Waits until the monitor has seen all commands. The server reports commands in order, so once it has reported this ECHO, the
   * monitor has seen all earlier commands.
   */
  async #untilSeen(): Promise<void> {
    const sentinel = `seen ${Math.random()}`
    const seen = Promise.withResolvers<void>()
    const look = (_time: string, args: string[]) => args.includes(sentinel) && seen.resolve()
    this.#monitor.on('monitor', look)
    // The server ends a monitor that reads too slowly. An ECHO that is sent before it is connected again is not reported.
    const again = setInterval(() => void this.#redis.echo(sentinel).catch(() => {}), ECHO_EVERY_MS)
    try {
      await this.#redis.echo(sentinel)
      await seen.promise
    } finally {
      clearInterval(again)
      this.#monitor.off('monitor', look)
    }
  }
}
