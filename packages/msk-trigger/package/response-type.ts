import { kafkaEvents, readEvents } from '../config/event-settings.ts'
import type { FunctionDefinition, Log } from '../support/serverless.ts'

/**
 * Environment variable that is set if Lambda evaluates the handler's response. If it is not set, the handler must throw to report
 * failures, because a returned list is ignored. See rule 33 in `RULES.md`.
 */
const RESPONSE_TYPE_VARIABLE = 'REPORT_BATCH_ITEM_FAILURES'

type Functions = Readonly<Record<string, FunctionDefinition>>

/**
 * Sets `REPORT_BATCH_ITEM_FAILURES=true` for a function if all its Kafka mappings evaluate the response. Otherwise, a list that it
 * returns could be ignored.
 */
export function announceResponseType(functions: Functions, log: Pick<Log, 'warning'>): void {
  const reads = new Map<string, boolean[]>()
  for (const { functionKey, settings } of readEvents(kafkaEvents(functions))) {
    const isRead = settings.functionResponseType !== undefined
    reads.set(functionKey, [...(reads.get(functionKey) ?? []), isRead])
  }
  for (const [functionKey, list] of reads) {
    const definition = functions[functionKey]
    if (!definition || !list.includes(true)) continue
    if (list.includes(false)) {
      log.warning(
        `msk  function "${functionKey}" has functionResponseType on some of its Kafka events only: ` +
          `${RESPONSE_TYPE_VARIABLE} is not set, because the others would ignore a returned list`,
      )
      continue
    }
    definition.environment = { ...definition.environment, [RESPONSE_TYPE_VARIABLE]: 'true' }
  }
}
