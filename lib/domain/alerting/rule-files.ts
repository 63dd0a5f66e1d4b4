import { loadAll, YAMLException } from 'js-yaml'
import { type Position, parseRules, type RuleDocument, type RuleFault } from './parse-rules.ts'
import type { Rule } from './rule.ts'

/** A rule file as text. `where` names it in messages; whoever has the file system reads it. */
export interface RuleFile {
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
    if ('problem' in yaml) syntaxFaults.push({ where, path: [], ...yaml })
    else documents.push({ where, content: yaml.content })
  }
  const { rules, faults } = parseRules(documents)
  const all = [...syntaxFaults, ...faults]
  if (all.length > 0) throw new InvalidRules(all)
  return rules
}

type NotYaml = Pick<RuleFault, 'problem' | 'position'>

function parseYaml(text: string): { readonly content: unknown } | NotYaml {
  try {
    const [content, ...others] = loadAll(text)
    return others.length === 0 ? { content } : { problem: 'holds more than one YAML document' }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    const position: Position | undefined = mark && { line: mark.line + 1, column: mark.column + 1 }
    return { problem: `not YAML: ${reason}`, ...(position ? { position } : {}) }
  }
}

function line({ where, rule, key, problem, position }: RuleFault): string {
  const place = position ? ` at line ${position.line}` : ''
  return `${[where, rule, key, problem].filter(part => part !== undefined).join(': ')}${place}`
}

function count(faults: readonly unknown[]): string {
  return faults.length === 1 ? '1 fault' : `${faults.length} faults`
}
