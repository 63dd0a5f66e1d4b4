/** The evaluation of rules, for everything that decides a part of the log again, in memory, and for pages that follow an entity through its rules. Pure. */

export { matches } from './evaluate-rules.ts'
export { collectFirings, type Firing, listIdentities } from './firings.ts'
export { getPatternPhase, type PatternState } from './patterns/evaluate-pattern.ts'
export { grouping } from './patterns/grouping.ts'
export { PATTERN_EVENT_TYPE } from './patterns/pattern-event.ts'
export { patterns } from './patterns/process.ts'
export { alerting } from './process.ts'
export { findHistory, parseRuleIdentity, toKeyedRule } from './rules-in-force.ts'
