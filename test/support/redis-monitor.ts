import { Redis } from 'ioredis'
import { redisUrl } from './servers.ts'

/** Records the commands of clients that touch certain keys, with MONITOR on a connection of its own. */
export class RedisMonitor {
  readonly #redis: Redis
  readonly #monitor: Redis
  readonly #commands: string[] = []

  private constructor(redis: Redis, monitor: Redis, part: string) {
    this.#redis = redis
    this.#monitor = monitor
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      // Ignore commands that scripts run.
      if (source !== 'lua' && args.some(arg => arg.includes(part)))
        this.#commands.push(String(args[0]).toLowerCase())
    })
  }

  /** @param part a part of the keys to watch */
  static async of(part: string): Promise<RedisMonitor> {
    const redis = new Redis(redisUrl())
    return new RedisMonitor(redis, await redis.monitor(), part)
  }

  /** The commands that clients sent while `work` ran, in order. */
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

  /** The server reports commands in order: once the monitor has seen this ECHO, it has seen all commands before it. */
  async #untilSeen(): Promise<void> {
    const sentinel = `seen ${Math.random()}`
    const seen = Promise.withResolvers<void>()
    const look = (_time: string, args: string[]) => args.includes(sentinel) && seen.resolve()
    this.#monitor.on('monitor', look)
    await this.#redis.echo(sentinel)
    await seen.promise
    this.#monitor.off('monitor', look)
  }
}
