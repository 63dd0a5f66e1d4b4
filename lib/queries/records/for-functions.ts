import { RULES_ACTIVATED_TYPE } from '../../alerting/rules-activated.ts'
import { TICK_TYPE } from '../../telemetry/tick.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../views/event-names.ts'

/**
 * Event types that are only relevant to functions and occur in every partition of readings. They are hidden by default when a topic
 * is shown.
 */
export const FOR_FUNCTIONS: readonly unknown[] = [TICK_TYPE, RULES_ACTIVATED_TYPE, VIEWS_ACTIVATED_TYPE]
