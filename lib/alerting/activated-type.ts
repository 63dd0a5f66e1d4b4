import type { EventType } from '../event-types.ts'

/**
 * CloudEvents `type` of the event that activates a rule set. The rule set applies to the partition that contains the event, from
 * the event's offset on.
 */
export const RULES_ACTIVATED_TYPE = 'io.sluice.rules.activated.v1' satisfies EventType
