import type { EventType } from '../event-types.ts'

/** CloudEvents `type` of the event that activates a rule set in its partition, from its own offset on. */
export const RULES_ACTIVATED_TYPE = 'io.sluice.rules.activated.v1' satisfies EventType
