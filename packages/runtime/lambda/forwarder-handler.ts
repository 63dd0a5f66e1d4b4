/** Creates handlers that run a forwarder on a schedule. */
import { LambdaObserver } from '../adapters/lambda/observer.ts'
import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import type { Forwarder } from '../consumer/forwarder.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { type Forwarded, type ForwardingPorts, forward } from '../pipeline/forwarding/forward.ts'
import type { PartsOf } from '../settings/environment.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import { REDIS } from '../settings/redis.ts'
import { bundleVersion } from './bundle-version.ts'
import { Connections } from './connections.ts'
import type { Choices, ScheduledHandler } from './handler-types.ts'
import { once } from './once.ts'
import { type Scheduled, scheduled } from './scheduled.ts'

/** Settings that every forwarder reads. */
const slicesOf = (application: string) => [generalSettings(application), KAFKA, REDIS] as const

type Config = PartsOf<ReturnType<typeof slicesOf>>

/** A forwarder, or a function that creates it from its settings and from values in Redis for each run. */
export type ForwarderSource =
  | Forwarder
  | ((config: Config, connections: Pick<Connections, 'value'>) => Forwarder | Promise<Forwarder>)

/** Options of a forwarder handler. `failuresTo` must not be a topic whose records can return to the forwarder. */
export type ForwarderChoices = Pick<Choices<[]>, 'codeVersion' | 'failuresTo'>

/**
 * Creates a schedule-triggered handler that runs a forwarder. Each run forwards the records that are due, and logs the result. If a
 * partition cannot continue, the handler reports it, and the next run tries again.
 *
 * @param name name of the function, which must equal the name of the forwarder
 * @param choices options `codeVersion` and `failuresTo`, as for `kafkaHandler`
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function forwarderHandler(
  application: Application,
  name: string,
  source: ForwarderSource,
  choices?: ForwarderChoices,
): ScheduledHandler {
  return scheduled(
    name,
    Connections,
    slicesOf(application.name),
    forwarding(application, name, source, choices),
    application.name,
  )
}

/** Returns the function that a scheduled function calls for each run of a forwarder. The parameters are those of `forwarderHandler`. */
export function forwarding(
  application: Application,
  name: string,
  source: ForwarderSource,
  { codeVersion, failuresTo = application.failuresTopic }: ForwarderChoices = {},
): (run: Scheduled<Connections, Config>) => Promise<Forwarded> {
  let assembled: (() => Promise<Assembled>) | undefined
  const latest = new LatestDecisions()
  return async run => {
    const process = await forwarderOf(name, source, run)
    assembled ??= once(() => assemble(run, application.remedies))
    const { ports, observer } = await assembled()
    const { config, remainingMs } = run
    const { env, contentMode } = config
    const consumer = { ...CONSUMER_DEFAULTS, application, failuresTo, process, env, contentMode }
    observer.begin()
    const done = forward(consumer, ports, {
      remainingMs,
      nowMs: Date.now,
      codeVersion: codeVersion ?? (() => config.codeVersion ?? bundleVersion()),
      latest,
    })
    return done.finally(() => observer.flush())
  }
}

async function forwarderOf(
  name: string,
  source: ForwarderSource,
  { config, connections }: Scheduled<Connections, Config>,
): Promise<Forwarder> {
  const forwarder = typeof source === 'function' ? await source(config, connections) : source
  if (forwarder.name !== name)
    throw new ConfigError(`the handler of '${name}'`, [
      `its forwarder has another name, '${forwarder.name}': both names must be equal`,
    ])
  return forwarder
}

interface Assembled {
  readonly ports: ForwardingPorts
  readonly observer: LambdaObserver
}

async function assemble(
  { connections, powertools }: Scheduled<Connections, Config>,
  remedies: Application['remedies'],
): Promise<Assembled> {
  const observer = new LambdaObserver(powertools.logger, powertools.metrics, Date.now, remedies)
  return {
    ports: {
      cursors: await connections.forwardCursors(),
      breaker: await connections.breaker(),
      bounds: await connections.bounds(),
      log: await connections.log(),
      publisher: await connections.publisher(),
      observer,
    },
    observer,
  }
}
