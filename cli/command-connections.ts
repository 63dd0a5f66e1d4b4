/** Connections of a command. They allow only reads, except while an operation is carried out. */
import type { Config } from '../lib/app/config.ts'
import type { Kafka } from '../packages/runtime/adapters/kafka/client.ts'
import type { TopicPublisher } from '../packages/runtime/adapters/kafka/produce-types.ts'
import type { RedisClient } from '../packages/runtime/adapters/redis/client.ts'
import { LOAD } from '../packages/runtime/adapters/redis/state-store.ts'
import { Connections } from '../packages/runtime/lambda/connections.ts'

/**
 * Connections that reject writes outside of `carryOut`. A command that forgets the audit thus fails the first time that it runs.
 */
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
   * Permits writes for commands that publish like any producer, or that audit each part of a run themselves.
   * A test lists these commands; all others are operations.
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

/** Pattern of Redis commands that only read. Loading a script also counts as a read. */
const READS =
  /^(ping|info|time|scan|get|exists|type|memory|h(get|getall|mget|len|scan|exists)|z(card|range|score))(Buffer)?$/

/** Pattern of the methods with which Kafka's administration client makes changes. */
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
 * Returns the object with methods that throw if they are called.
 *
 * @param isRefused decides by the name and the arguments of a call
 * @param others methods that replace those of the object
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
          throw new TypeError(`${String(name)} writes, which is only allowed within an operation`)
        return value.apply(target, args)
      }
    },
  })
}
