/** Connections that reject writes, except while an operation is carried out. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Connections } from '#runtime/functions/connections'
import type { Kafka, TopicPublisher } from '#runtime/operating/kafka'
import type { RedisClient } from '#runtime/operating/redis'
import { LOAD } from '#runtime/operating/states'
import type { Config } from '../environment/config.ts'

/**
 * Connections of a command, or of the console. They reject writes outside of `writing`, which an audited operation calls. Code that
 * does not write as an operation therefore fails the first time that it is run.
 */
export class GuardedConnections extends Connections {
  readonly config: Config
  declare readonly redis: () => Promise<RedisClient>
  declare readonly kafka: () => Promise<Kafka>
  declare readonly publisher: () => Promise<TopicPublisher>
  /** Permission of the work that runs. Other requests of the same process do not have it. */
  readonly #permission = new AsyncLocalStorage<true>()

  constructor(config: Config, clientId: string) {
    super(config, clientId)
    this.config = config
    const { redis, kafka, publisher } = this
    const mayWrite = () => this.#permission.getStore() === true
    this.redis = async () => guardRedis(await redis(), mayWrite)
    this.kafka = async () => guardKafka(await kafka(), mayWrite)
    this.publisher = async () =>
      refuseCalls(await publisher(), name => name !== 'countPartitions' && !mayWrite())
  }

  /**
   * Permits writes of this work alone. Only for operations, which are audited or create the topic of the audit, and for commands that
   * publish events as a producer. A test lists the callers.
   */
  writing<T>(work: () => Promise<T>): Promise<T> {
    return this.#permission.run(true, work)
  }
}

/** Pattern that matches Redis commands that only read. Loading a script also counts as a read. */
const READS =
  /^(ping|info|time|scan|get|exists|type|memory|h(get|getall|mget|len|scan|exists)|z(card|range|score))(Buffer)?$/

/** Pattern that matches the methods of Kafka's administration client that make changes. */
const ADMINISTRATION = /^(create|delete|alter|set|reset)/

/** Returns true for a request that Kafka checks and does not carry out. */
function isOnlyValidated(request: unknown): boolean {
  return (request as { readonly validateOnly?: boolean } | undefined)?.validateOnly === true
}

function guardRedis(client: RedisClient, mayWrite: () => boolean): RedisClient {
  return refuseCalls(client, (name, [script]) => name === 'eval' && script !== LOAD && !mayWrite(), {
    run: ((command: (redis: object) => Promise<unknown>) =>
      client.run(redis =>
        command(mayWrite() ? redis : refuseCalls(redis, command => !READS.test(command))),
      )) as RedisClient['run'],
  })
}

function guardKafka(kafka: Kafka, mayWrite: () => boolean): Kafka {
  return refuseCalls(kafka, name => name === 'producer' && !mayWrite(), {
    admin: options =>
      refuseCalls(
        kafka.admin(options),
        (name, [request]) => ADMINISTRATION.test(name) && !isOnlyValidated(request) && !mayWrite(),
      ),
  })
}

/**
 * Returns a proxy of the object. Calls of refused methods throw an error.
 *
 * @param isRefused returns whether to refuse a call, from the name of the method and the arguments
 * @param others methods that replace methods of the object
 */
function refuseCalls<T extends object>(
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
