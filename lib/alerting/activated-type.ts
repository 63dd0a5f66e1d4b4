import type { EventType } from '../event-types.ts'

/**
 * CloudEvents `type` of the event that activates a rule set. The rule set applies to its partition, from the
 * offset of the event on.
 */
export const RULES_ACTIVATED_TYPE = 'io.sluice.rules.activated.v1' satisfies EventType
