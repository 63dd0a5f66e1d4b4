import { loadAll, YAMLException } from 'js-yaml'
import { parseRules, type RuleDocument, type RuleFault } from './parse-rules.ts'
import type { Rule } from './rule.ts'

/** A rule file as text. `where` names it in messages; whoever has the file system reads it. */
interface RuleFile {
  readonly where: string
  readonly text: string
}

/** Rules that cannot be used. The message lists every fault, a line each. */
export class InvalidRules extends Error {
  override readonly name = 'InvalidRules'
  readonly faults: readonly RuleFault[]

  constructor(faults: readonly RuleFault[]) {
    super([`the alert rules have ${count(faults)}:`, ...faults.map(fault => `  ${line(fault)}`)].join('\n'))
    this.faults = faults
  }
}

/**
 * The rules of all files, in order, as one set.
 *
 * @throws InvalidRules with every fault of every file; of one that is no YAML, with the first.
 */
export function readRules(files: readonly RuleFile[]): readonly Rule[] {
  const documents: RuleDocument[] = []
  const syntaxFaults: RuleFault[] = []
  for (const { where, text } of files) {
    const yaml = parseYaml(text)
    if ('problem' in yaml) syntaxFaults.push({ where, problem: yaml.problem })
    else documents.push({ where, content: yaml.content })
  }
  const { rules, faults } = parseRules(documents)
  const all = [...syntaxFaults, ...faults]
  if (all.length > 0) throw new InvalidRules(all)
  return rules
}

function parseYaml(text: string): { content: unknown } | { problem: string } {
  try {
    const [content, ...others] = loadAll(text)
    return others.length === 0 ? { content } : { problem: 'holds more than one YAML document' }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    return { problem: `not YAML: ${reason}${mark ? ` at line ${mark.line + 1}` : ''}` }
  }
}

function line({ where, rule, key, problem }: RuleFault): string {
  return [where, rule, key, problem].filter(part => part !== undefined).join(': ')
}

function count(faults: readonly unknown[]): string {
  return faults.length === 1 ? '1 fault' : `${faults.length} faults`
}
