import { FileError } from '../support/file-errors.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import type { Families } from '../telemetry/families.ts'
import type { TablePlan } from '../views/plan.ts'
import { parseRules, type RuleDocument, type RuleError } from './parse-rules.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { sizeError } from './rule-set.ts'

/** Text of a rule file. `where` is the name of the file in error messages. */
export interface RuleFile {
  readonly where: string
  readonly text: string
}

/** Error for invalid rules. The message lists every error on a separate line. */
export class InvalidRules extends FileError {
  override readonly name = 'InvalidRules'
  readonly errors: readonly RuleError[]

  constructor(errors: readonly RuleError[]) {
    super([`the alert rules have ${count(errors)}:`, ...errors.map(error => `  ${line(error)}`)].join('\n'))
    this.errors = errors
  }
}

/**
 * Reads the rules of all files, in order, as one set.
 *
 * @param tables tables that rules can watch; undefined if they are unknown
 * @throws InvalidRules with all errors of all files; for a file that is not valid YAML, with its first syntax error only
 */
export function readRules(
  families: Families,
  files: readonly RuleFile[],
  tables?: readonly TablePlan[],
): readonly AnyRule[] {
  const documents: RuleDocument[] = []
  const syntaxErrors: RuleError[] = []
  for (const { where, text } of files) {
    const yaml = yamlDocument(text)
    if ('message' in yaml) {
      const { message, ...position } = yaml
      syntaxErrors.push({ where, path: [], message, position })
    } else documents.push({ where, content: yaml.content })
  }
  const { rules, errors } = parseRules(families, documents, false, tables)
  const all = [...syntaxErrors, ...errors]
  if (all.length > 0) throw new InvalidRules(all)
  const message = sizeError(rules)
  if (message !== undefined) throw new InvalidRules([{ where: documents[0]?.where ?? '', path: [], message }])
  return rules
}

function line({ where, rule, key, message, position }: RuleError): string {
  const place = position ? ` at line ${position.line}` : ''
  return `${[where, rule, key, message].filter(part => part !== undefined).join(': ')}${place}`
}

function count(errors: readonly unknown[]): string {
  return errors.length === 1 ? '1 error' : `${errors.length} errors`
}
