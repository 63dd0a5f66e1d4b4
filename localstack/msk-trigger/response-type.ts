import { kafkaEvents, readEventSettings } from './event-settings.ts'
import type { FunctionDefinition, Log } from './framework.ts'

/** Tells a handler that its answer is read: without the setting it must throw, since a list is ignored. Rule 33. */
const RESPONSE_TYPE_VARIABLE = 'REPORT_BATCH_ITEM_FAILURES'

type Functions = Readonly<Record<string, FunctionDefinition>>

/**
 * Sets `REPORT_BATCH_ITEM_FAILURES=true` on every function all of whose Kafka mappings read its answer. With one
 * that does not, a list would be lost there: such a function is not told, and throws instead.
 */
export function announceResponseType(functions: Functions, log: Pick<Log, 'warning'>): void {
  const reads = new Map<string, boolean[]>()
  for (const kafkaEvent of kafkaEvents(functions)) {
    const { functionKey } = kafkaEvent
    const isRead = readEventSettings(kafkaEvent).functionResponseType !== undefined
    reads.set(functionKey, [...(reads.get(functionKey) ?? []), isRead])
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
