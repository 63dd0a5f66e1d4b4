import { RULES_ACTIVATED_TYPE } from '../alerting/activated-type.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'

/**
 * Types of events that only functions need, and that every partition of readings contains. They are hidden by
 * default when a topic is shown.
 */
export const FOR_FUNCTIONS: readonly unknown[] = [TICK_TYPE, RULES_ACTIVATED_TYPE]
