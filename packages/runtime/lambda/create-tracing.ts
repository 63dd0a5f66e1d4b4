/** Assembles the tracing of a function from its settings. */
import { readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import type { LambdaObserver } from '../adapters/lambda/observer.ts'
import type { Application } from '../consumer/application.ts'
import type { GeneralSettings } from '../settings/general.ts'
import { refreshing } from '../settings/refreshing.ts'
import type { TracingSettings } from '../settings/tracing.ts'
import { once } from './once.ts'

/** Returns the tracing of a function; undefined if no endpoint is configured, in which case the tracing code is not loaded. */
export async function createTracing(
  application: Application,
  { otlp, env }: GeneralSettings & TracingSettings,
  name: string,
  observer: LambdaObserver,
) {
  if (!otlp) return undefined
  const { Tracing } = await import('../adapters/otlp/tracing.ts')
  const traced = {
    env,
    application: application.name,
    getGroup: (topic: string) => application.groupName?.(name, env, topic) ?? name,
    kafkaTopic: (topic: Parameters<Application['kafkaTopic']>[0]) => application.kafkaTopic(topic, env),
    serviceName: otlp.serviceName ?? `${application.name}-${name}`,
    sampler: otlp.sampler,
    mostPerSecond: otlp.mostPerSecond,
  }
  const { headersSecret } = otlp
  const settings = headersSecret ? { ...otlp, secretHeaders: createHeadersReader(headersSecret) } : otlp
  const tracing = new Tracing(settings, traced, (...dropped) => observer.reportDroppedSpans(...dropped))
  observer.traceTo(tracing)
  return tracing
}

/** Maximum age of cached headers from a secret, in milliseconds. Older headers are read again for the next export. */
const HEADERS_AGE_MS = 60_000

/**
 * Returns a function that reads headers from a secret. The secret is read with the first export, so an unreadable secret affects
 * only spans and not records.
 */
function createHeadersReader(secret: string): () => Promise<Readonly<Record<string, string>>> {
  const read = async () =>
    Object.fromEntries(Object.entries(await readSecret(secret)).map(([name, value]) => [name, String(value)]))
  const headers = once(() => refreshing(read, HEADERS_AGE_MS))
  return async () => (await headers())()
}
