/** Runs a forwarder, as a part of a scheduled function. */
import { LambdaObserver } from '../adapters/lambda/observer.ts'
import type { Application } from '../consumer/application.ts'
import { requireSameName } from '../consumer/author-errors.ts'
import type { Forwarder } from '../consumer/forwarder.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { type Forwarded, type ForwardingPorts, forward } from '../pipeline/forwarding/forward.ts'
import { bundleVersion } from './bundle-version.ts'
import type { Connections } from './connections.ts'
import type { ForwarderChoices, ForwarderConfig, ForwarderSource } from './forwarder-source.ts'
import { once } from './once.ts'
import type { Scheduled } from './scheduled-handler.ts'

/** Returns the function that a scheduled function calls for each run of a forwarder. The parameters are those of `forwarderHandler`. */
export function createForwarderRun(
  application: Application,
  name: string,
  source: ForwarderSource,
  { codeVersion, failuresTo = application.failuresTopic }: ForwarderChoices = {},
): (run: Scheduled<Connections, ForwarderConfig>) => Promise<Forwarded> {
  let assembled: (() => Promise<Assembled>) | undefined
  const latest = new LatestDecisions()
  return async run => {
    const process = await resolveForwarder(name, source, run)
    assembled ??= once(() => assemble(run, application.remedies))
    const { ports, observer } = await assembled()
    const { config, remainingMs } = run
    const { env, contentMode } = config
    const consumer = { ...CONSUMER_DEFAULTS, application, failuresTo, process, env, contentMode }
    observer.begin()
    const result = forward(consumer, ports, {
      remainingMs,
      nowMs: Date.now,
      codeVersion: codeVersion ?? (() => config.codeVersion ?? bundleVersion()),
      latest,
    })
    return result.finally(() => observer.flush())
  }
}

async function resolveForwarder(
  name: string,
  source: ForwarderSource,
  { config, connections }: Scheduled<Connections, ForwarderConfig>,
): Promise<Forwarder> {
  const forwarder = typeof source === 'function' ? await source(config, connections) : source
  requireSameName('forwarder', name, forwarder.name)
  return forwarder
}

interface Assembled {
  readonly ports: ForwardingPorts
  readonly observer: LambdaObserver
}

async function assemble(
  { connections, powertools }: Scheduled<Connections, ForwarderConfig>,
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
