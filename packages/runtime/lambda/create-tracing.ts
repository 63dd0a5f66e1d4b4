/** Connects a function to the OpenTelemetry SDK of its program, if there is one. */
import type { LambdaObserver } from '../adapters/lambda/observer.ts'
import type { Application } from '../consumer/application.ts'
import { isAnySet } from '../settings/read-settings.ts'

/** Registered parts of the OpenTelemetry API, which all of its copies with the same major version share. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

/**
 * Returns the tracing of a function; undefined without a registered provider and without a variable of OpenTelemetry, in which case
 * neither the API nor the code for spans is loaded.
 *
 * @param name name of the consumer
 */
export async function createTracing(
  application: Application,
  env: string,
  name: string,
  observer: LambdaObserver,
) {
  const { trace: registered } = Reflect.get(globalThis, REGISTERED) ?? {}
  if (!registered && !isAnySet('OTEL_')) return undefined
  // A bundler leaves out what it cannot find, because of the `catch`: the package is optional.
  const api = await import('@opentelemetry/api').catch(() => undefined)
  if (!api) return observer.reportUntraced('@opentelemetry/api is not installed: install it, and build again')
  if (registered && api.trace.getTracerProvider() !== registered)
    return observer.reportUntraced(
      'the @opentelemetry/api of this function is newer than that of the SDK: install one of the same minor version or an older one',
    )
  const { BatchSpans } = await import('../adapters/opentelemetry/batch-spans.ts')
  return new BatchSpans(api, { application, env, name })
}
