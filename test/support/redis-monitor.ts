import { Redis } from 'ioredis'
import { redisUrl } from './servers.ts'

/** Watches, over a connection of its own, which commands clients send that touch certain keys. */
export class RedisMonitor {
  readonly #redis: Redis
  readonly #monitor: Redis
  readonly #commands: string[] = []

  private constructor(redis: Redis, monitor: Redis, part: string) {
    this.#redis = redis
    this.#monitor = monitor
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      // What a script runs is no call of a client.
      if (source !== 'lua' && args.some(arg => arg.includes(part)))
        this.#commands.push(String(args[0]).toLowerCase())
    })
  }

  /** @param part what the keys have in them */
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

  /** The server tells a monitor of commands in their order: once it has told of this one, it has told of all before. */
  async #untilSeen(): Promise<void> {
    const mark = `seen ${Math.random()}`
    const seen = Promise.withResolvers<void>()
    const look = (_time: string, args: string[]) => args.includes(mark) && seen.resolve()
    this.#monitor.on('monitor', look)
    await this.#redis.echo(mark)
    await seen.promise
    this.#monitor.off('monitor', look)
  }
}
