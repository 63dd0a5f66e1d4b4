/** The connections of a command: they read, and write only while an operation is carried out. */
import type { Config } from '../lib/app/config.ts'
import type { Kafka } from '../packages/runtime/adapters/kafka/client.ts'
import type { TopicPublisher } from '../packages/runtime/adapters/kafka/produce-types.ts'
import type { RedisClient } from '../packages/runtime/adapters/redis/client.ts'
import { LOAD } from '../packages/runtime/adapters/redis/state-store.ts'
import { Connections } from '../packages/runtime/lambda/connections.ts'

/** A command that writes without `carryOut` fails the first time that it is run, so the audit cannot be forgotten. */
export class CommandConnections extends Connections {
  readonly config: Config
  declare readonly redis: () => Promise<RedisClient>
  declare readonly kafka: () => Promise<Kafka>
  declare readonly publisher: () => Promise<TopicPublisher>
  #operations = 0

  constructor(config: Config) {
    super(config, 'cli')
    this.config = config
    const { redis, kafka, publisher } = this
    const mayWrite = () => this.#operations > 0
    this.redis = async () => guardedRedis(await redis(), mayWrite)
    this.kafka = async () => guardedKafka(await kafka(), mayWrite)
    this.publisher = async () => refusing(await publisher(), name => name !== 'partitionsOf' && !mayWrite())
  }

  /**
   * Permits writes to commands that publish as any producer does, or that audit each part of a run themselves. A test lists them; all others are
   * operations.
   */
  async writing<T>(work: () => Promise<T>): Promise<T> {
    this.#operations += 1
    try {
      return await work()
    } finally {
      this.#operations -= 1
    }
  }
}

/** Commands of Redis that change nothing. So does the script that loads. */
const READS =
  /^(ping|info|time|scan|get|exists|type|memory|h(get|getall|mget|len|scan|exists)|z(card|range|score))(Buffer)?$/

/** Changes of Kafka that its administration client can make. */
const ADMINISTRATION = /^(create|delete|alter|set|reset)/

function guardedRedis(client: RedisClient, mayWrite: () => boolean): RedisClient {
  return refusing(client, (name, [script]) => name === 'eval' && script !== LOAD && !mayWrite(), {
    run: ((command: (redis: object) => Promise<unknown>) =>
      client.run(redis =>
        command(mayWrite() ? redis : refusing(redis, one => !READS.test(one))),
      )) as RedisClient['run'],
  })
}

function guardedKafka(kafka: Kafka, mayWrite: () => boolean): Kafka {
  return refusing(kafka, name => name === 'producer' && !mayWrite(), {
    admin: options => refusing(kafka.admin(options), name => ADMINISTRATION.test(name) && !mayWrite()),
  })
}

/**
 * The object, whose methods of some names throw when they are called.
 *
 * @param isRefused decides by the name and the arguments of a call
 * @param others take the place of its own methods
 */
function refusing<T extends object>(
  target: T,
  isRefused: (name: string, args: readonly unknown[]) => boolean,
  others: Partial<T> = {},
): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(name in others ? others : target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (isRefused(String(name), args))
          throw new TypeError(`${String(name)} writes: only an operation may`)
        return value.apply(target, args)
      }
    },
  })
}
