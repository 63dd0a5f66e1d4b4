/**
 * Reads alert rules from parsed YAML, and checks them strictly. A misspelled key must be an error, because the rule would otherwise
 * never fire. All errors of all rules are reported at once.
 */

import { MAX_ERRORS, MORE_ERRORS, type Position } from '../support/file-errors.ts'
import { isObject } from '../support/json.ts'
import type { Families } from '../telemetry/families.ts'
import type { TablePlan } from '../views/plan.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { readPatternRule } from './patterns/read-pattern.ts'
import { readRule } from './read-rule.ts'
import { getRuleIdentity } from './rule.ts'
import { RULE_KEYS } from './rule-keys.ts'
import type { Row, RuleRow } from './rule-row.ts'
import { type Violation, violationsIn } from './rule-violations.ts'

/** Content of one rule file. `where` is the name of the file in error messages. */
export interface RuleDocument {
  readonly where: string
  readonly content: unknown
}

export interface RuleError {
  readonly where: string
  /** Name of the rule, or its number in the list if the rule has no name. */
  readonly rule?: string
  readonly key?: string
  /** Description of the error, and how to fix it. */
  readonly message: string
  /** Path to the invalid value: keys and list indexes, outermost first. Empty for the document as a whole. */
  readonly path: readonly (string | number)[]
  /** Position at which the parser stopped. Present only for text that is not valid YAML, because such text has no paths. */
  readonly position?: Position
}

interface ParsedRules {
  /** Rules of all documents. Empty if there is any error, because an incomplete rule set must never take effect. */
  readonly rules: readonly AnyRule[]
  readonly errors: readonly RuleError[]
}

/**
 * Reads all documents together, because rules must be unique across files. Reports only the first `MAX_ERRORS` errors.
 *
 * @param families families that rules can watch
 * @param isFromLog true for rules that were read from the log; they remain valid even if a newer check would reject them
 * @param tables tables that rules can watch; undefined if they are unknown, so that any table and column is accepted
 */
export function parseRules(
  families: Families,
  documents: readonly RuleDocument[],
  isFromLog = false,
  tables?: readonly TablePlan[],
): ParsedRules {
  const errors: RuleError[] = []
  const rules: AnyRule[] = []
  const whereByIdentity = new Map<string, string>()
  for (const { where, content } of documents) {
    const { violations, isCut } = violationsIn(content)
    const ofRows = Map.groupBy(violations, ({ path }) => (path.length < 2 ? undefined : path[1]))
    errors.push(...(ofRows.get(undefined) ?? []).map(found => toRuleError(where, undefined, found)))
    for (const [index, row] of listRows(content).entries()) {
      const rule = findRuleName(row) ?? `rule ${index + 1}`
      const found = [...(ofRows.get(index) ?? [])]
      // If the list of violations is incomplete, any key may be invalid, so the rule cannot be read.
      if (isObject(row) && !isCut)
        rules.push(read(row, index, found, { families, isFromLog, tables }, { where, whereByIdentity }))
      errors.push(...found.toSorted(byKey).map(one => toRuleError(where, rule, one)))
    }
    if (isCut || errors.length > MAX_ERRORS)
      return { rules: [], errors: [...errors.slice(0, MAX_ERRORS), { where, ...MORE_ERRORS }] }
  }
  return { rules: errors.length === 0 ? rules : [], errors }
}

/** Reads one rule, and adds the errors that the schema cannot detect to `found`. */
function read(
  row: Row,
  index: number,
  found: Violation[],
  context: Pick<RuleRow, 'families' | 'isFromLog' | 'tables'>,
  { where, whereByIdentity }: { where: string; whereByIdentity: Map<string, string> },
): AnyRule {
  const wrong = new Set(found.map(({ path }) => path[2]))
  const report = (key: string, message: string, below: readonly (string | number)[] = []) => {
    found.push({ path: ['rules', index, key, ...below], message, isUnknownKey: false })
  }
  const of = <Value>(key: string) => (wrong.has(key) ? undefined : (row[key] as Value | undefined))
  const ruleRow = { row, of, report, ...context }
  const rule = Object.hasOwn(row, 'pattern') ? readPatternRule(ruleRow) : readRule(ruleRow)
  if (of('name') !== undefined && !wrong.has('labels')) {
    const identity = getRuleIdentity(rule)
    const earlier = whereByIdentity.get(identity)
    if (earlier === undefined) whereByIdentity.set(identity, where)
    else report('name', `${identity} is already in ${earlier}: rename one, or give them different labels`)
  }
  return rule
}

function toRuleError(where: string, rule: string | undefined, { path, message }: Violation): RuleError {
  const key = (rule === undefined ? path : path.slice(2)).join('.')
  return { where, ...(rule === undefined ? {} : { rule }), ...(key === '' ? {} : { key }), message, path }
}

const KEY_ORDER = Object.keys(RULE_KEYS)

/** Compares two violations for sorting: unknown keys come first, then the order of the documentation applies. */
function byKey(a: Violation, b: Violation): number {
  return computeRank(a) - computeRank(b)
}

function computeRank({ path, isUnknownKey }: Violation): number {
  return isUnknownKey ? -1 : KEY_ORDER.indexOf(String(path[2]))
}

function listRows(content: unknown): readonly unknown[] {
  return isObject(content) && Array.isArray(content.rules) ? content.rules : []
}

function findRuleName(row: unknown): string | undefined {
  return isObject(row) && typeof row.name === 'string' && row.name !== '' ? row.name : undefined
}
