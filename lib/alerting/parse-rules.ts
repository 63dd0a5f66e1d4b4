/**
 * Reads alert rules from parsed YAML, and checks them strictly. A misspelled key must be an error, because the rule would otherwise
 * never fire. All errors of all rules are reported at once.
 */
import rulesTexts from '#schemas/rules.v1.json' with { type: 'json' }
import validate from '../schemas/compiled-rules.js'
import { type FindErrors, findContentErrors } from '../support/edited-file.ts'
import type { PathError } from '../support/file-errors.ts'
import type { FileSchema } from '../support/file-schema.ts'
import type { Families } from '../telemetry/families.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { readPatternRule } from './patterns/read-pattern.ts'
import { readRule } from './read-rule.ts'
import { getRuleIdentity } from './rule.ts'
import type { RuleFileRow, RuleRow } from './rule-row.ts'

export const RULES_SCHEMA: FileSchema = { validate, texts: [rulesTexts] }

/** Content of a rule file after it was validated against its schema. */
export interface RawRules {
  readonly rules: readonly RuleFileRow[]
}

type RuleContext = Pick<RuleRow, 'families' | 'isFromLog' | 'tables'>

/** Reads the rules of one or several files, across which rules must be unique. */
export class RulesReader {
  /** Rules of all files. They may only be used if no file has an error, because an incomplete rule set must never take effect. */
  readonly rules: AnyRule[] = []
  readonly #context: RuleContext
  readonly #fileByIdentity = new Map<string, string>()

  constructor(context: RuleContext) {
    this.#context = context
  }

  /** Returns a function that reads the rules of a file, and finds the errors that the schema cannot express. */
  read(file: string): FindErrors<RawRules> {
    return ({ rules: rows = [] }, isWrong) => {
      const errors: PathError[] = []
      for (const [index, row] of rows.entries()) {
        const report: RuleRow['report'] = (key, message, below = []) => {
          errors.push({ path: ['rules', index, key, ...below], message })
        }
        const of = <Value>(key: string) =>
          isWrong('rules', index, key) ? undefined : (row[key] as Value | undefined)
        this.#add({ row, of, report, ...this.#context }, file)
      }
      return errors
    }
  }

  #add(ruleRow: RuleRow, file: string): void {
    const rule = Object.hasOwn(ruleRow.row, 'pattern') ? readPatternRule(ruleRow) : readRule(ruleRow)
    this.rules.push(rule)
    if (ruleRow.of('name') === undefined) return
    const identity = getRuleIdentity(rule)
    const earlier = this.#fileByIdentity.get(identity)
    if (earlier === undefined) this.#fileByIdentity.set(identity, file)
    else
      ruleRow.report(
        'name',
        `${identity} is already in ${earlier}: rename one, or give them different labels`,
      )
  }
}

/**
 * Reads a list of rules that is not a file of its own.
 *
 * @param content mapping with the key `rules`
 * @param isFromLog true for rules that were read from the log; they remain valid even if a newer check would reject them
 */
export function parseRules(
  families: Families,
  content: unknown,
  isFromLog = false,
): { readonly rules: readonly AnyRule[]; readonly errors: readonly PathError[] } {
  const reader = new RulesReader({ families, isFromLog })
  const errors = findContentErrors(RULES_SCHEMA, content, reader.read('this list'))
  return { rules: errors.length === 0 ? reader.rules : [], errors }
}
