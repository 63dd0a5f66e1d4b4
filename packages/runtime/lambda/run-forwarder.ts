/** Runs a forwarder, as a part of a scheduled function. */
import { LambdaObserver } from '../adapters/lambda/observer.ts'
import { type Application, type ConfiguredApplication, resolveApplication } from '../consumer/application.ts'
import { requireSameName } from '../consumer/author-errors.ts'
import type { Forwarder } from '../consumer/forwarder.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import { type Forwarded, type ForwardingPorts, forward } from '../pipeline/forwarding/forward.ts'
import { once } from '../waiting/index.ts'
import { bundleVersion, refuseCommonJs } from './bundle-version.ts'
import type { Connections } from './connections.ts'
import type { ForwarderChoices, ForwarderConfig, ForwarderSource } from './forwarder-source.ts'
import type { Scheduled } from './scheduled-handler.ts'

/** Returns the function that a scheduled function calls for each run of a forwarder. The parameters are those of `forwarderHandler`. */
export function createForwarderRun<Config extends ForwarderConfig>(
  given: Application | ConfiguredApplication,
  name: string,
  source: ForwarderSource<Config>,
  { codeVersion, failuresTo }: ForwarderChoices = {},
): (run: Scheduled<Connections, Config>) => Promise<Forwarded> {
  refuseCommonJs(name, codeVersion)
  let assembled: (() => Promise<Assembled>) | undefined
  const latest = new LatestDecisions()
  return async run => {
    const process = await resolveForwarder(name, source, run)
    assembled ??= once(() => assemble(run, given.remedies))
    const { ports, observer } = await assembled()
    const { config, remainingMs, nowMs } = run
    const { env, contentMode } = config
    const application = resolveApplication(given, config)
    const consumer = {
      ...CONSUMER_DEFAULTS,
      ...{ application, process, env, contentMode },
      failuresTo: failuresTo ?? application.failuresTopic,
    }
    observer.begin()
    const result = forward(consumer, ports, {
      remainingMs,
      nowMs,
      codeVersion: codeVersion ?? (() => config.codeVersion ?? bundleVersion()),
      latest,
    })
    return result.finally(() => observer.flush())
  }
}

async function resolveForwarder<Config extends ForwarderConfig>(
  name: string,
  source: ForwarderSource<Config>,
  { config, connections }: Scheduled<Connections, Config>,
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
  { connections, powertools, nowMs }: Scheduled<Connections, ForwarderConfig>,
  remedies: Application['remedies'],
): Promise<Assembled> {
  const observer = new LambdaObserver(powertools.logger, powertools.metrics, nowMs, remedies)
  return {
    ports: {
      cursors: await connections.forwardCursors(),
      breaker: await connections.breaker(),
      bounds: await connections.bounds(),
      log: await connections.log(),
      publisher: await connections.publisher(),
      report: observer.report,
    },
    observer,
  }
}
