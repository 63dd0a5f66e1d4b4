import { RULES_ACTIVATED_TYPE } from '../alerting/activated-type.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'

/** Types of events in every partition of readings that only the functions need. Those who read a topic rarely want to see them. */
export const FOR_FUNCTIONS: readonly unknown[] = [TICK_TYPE, RULES_ACTIVATED_TYPE]
