/** Rules from files, for the control plane, the local cloud and deployments; apart from the other doors, which are pure. */

export { loadRules, readRuleFiles } from './load-rules.ts'
