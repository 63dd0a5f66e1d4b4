import {
  ConfigurationError,
  type FunctionDefinition,
  type Log,
  type Provider,
  type Template,
} from './framework.ts'
import { kafkaEvents, reportsFailures } from './mappings.ts'

/** Tells a handler that its answer is read: without the setting it must throw, since a list is ignored. Rule 33. */
const RESPONSE_TYPE_VARIABLE = 'REPORT_BATCH_ITEM_FAILURES'

/** What the framework's `msk` and `kafka` events lack, under the name that its `stream` event uses. */
export const EVENT_PROPERTIES = {
  properties: { functionResponseType: { enum: ['ReportBatchItemFailures'] } },
}

type Functions = Readonly<Record<string, FunctionDefinition>>

/**
 * Sets `REPORT_BATCH_ITEM_FAILURES=true` on every function all of whose Kafka mappings read its answer. With one
 * that does not, a list would be lost there: such a function is not told, and throws instead.
 */
export function announceResponseType(functions: Functions, log: Pick<Log, 'warning'>): void {
  const reads = new Map<string, boolean[]>()
  for (const kafkaEvent of kafkaEvents(functions)) {
    const { functionKey } = kafkaEvent
    reads.set(functionKey, [...(reads.get(functionKey) ?? []), reportsFailures(kafkaEvent)])
  }
  for (const [functionKey, list] of reads) {
    const definition = functions[functionKey]
    if (!definition || !list.includes(true)) continue
    if (list.includes(false)) {
      log.warning(
        `msk  function "${functionKey}" has functionResponseType on some of its Kafka events only: ` +
          `${RESPONSE_TYPE_VARIABLE} is not set, so that no answer is lost on the others`,
      )
      continue
    }
    definition.environment = { ...definition.environment, [RESPONSE_TYPE_VARIABLE]: 'true' }
  }
}

/**
 * Writes `FunctionResponseTypes` into the event source mappings of the compiled template, so that the deployed
 * mapping agrees with the local one.
 *
 * @throws ConfigurationError if the template lacks the mapping of an event that asks for it.
 */
export function writeResponseType(
  functions: Functions,
  template: Template,
  naming: Provider['naming'],
): void {
  for (const kafkaEvent of kafkaEvents(functions)) {
    if (!reportsFailures(kafkaEvent)) continue
    const { functionKey, kind, event } = kafkaEvent
    const topic = String(event.topic)
    const id =
      kind === 'msk'
        ? naming.getMSKEventLogicalId(functionKey, clusterName(event.arn), topic)
        : naming.getKafkaEventLogicalId(functionKey, topic)
    const resource = template.Resources[id]
    if (!resource) {
      throw new ConfigurationError(
        `functionResponseType of the ${kind} event of function "${functionKey}" cannot be written: ` +
          `the template has no resource ${id}`,
      )
    }
    resource.Properties.FunctionResponseTypes = ['ReportBatchItemFailures']
  }
}

/** The framework's way to name a cluster inside a logical id. */
function clusterName(arn: unknown): string {
  const reference = arn as { readonly 'Fn::ImportValue'?: string; readonly Ref?: string }
  return reference['Fn::ImportValue'] ?? reference.Ref ?? String(arn).split('/')[1] ?? ''
}
