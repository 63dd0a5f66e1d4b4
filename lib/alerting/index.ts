/** Rules, alerts and their states, for the control plane, the two ways in, the local cloud and deployments. Pure. */

export { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert, type FiredAlert, isHeld } from './alert.ts'
export { describeClearing, describeStatus } from './clearing.ts'
export { conditionKind, fires, holds, measureKind, rememberingKind } from './condition.ts'
export type { AlertingHistory, AlertingState } from './entity-state.ts'
export { parseRules } from './parse-rules.ts'
export {
  EVENT_NAMES,
  type EventName,
  isEventName,
  listEventFamilies,
  toEventType,
} from './patterns/event-names.ts'
export {
  type AnyRule,
  isPatternRule,
  type Pattern,
  parsePatternIdentity,
  thresholdRules,
} from './patterns/pattern.ts'
export type { PatternStates } from './patterns/pattern-run.ts'
export { PIPELINE_DOWN } from './pipeline-down.ts'
export { getRuleIdentity, type Rule, SEVERITIES, type Severity } from './rule.ts'
export { checkRules, readRules } from './rule-files.ts'
export { findUnit } from './rule-row.ts'
export { buildRuleSet, listRules } from './rule-set.ts'
export { RULES_ACTIVATED_TYPE, rulesActivated } from './rules-activated.ts'
