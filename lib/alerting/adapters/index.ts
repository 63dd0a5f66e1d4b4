/** Rules from files, for whom the other door is pure: the control plane, the local cloud and deployments. */

export { loadRules, readRuleFiles } from './load-rules.ts'
