/** Evaluates the conditions of a template for given parameters, in the same way as CloudFormation. */
import type { StackTemplate } from '../../../infra/stack/stack-template.ts'

type Parameters = Readonly<Record<string, string>>

interface Evaluated {
  /** Types of the created resources by logical id. */
  readonly made: Readonly<Record<string, string>>
  /** Outputs whose conditions are true. References to resources are not resolved. */
  readonly outputs: Readonly<Record<string, unknown>>
  /** Messages of the rules that these parameters violate. */
  readonly refusals: readonly string[]
}

export function evaluated(template: StackTemplate, set: Parameters): Evaluated {
  const defaults = Object.entries(template.Parameters).map(([name, { Default }]) => [name, String(Default)])
  const parameters: Parameters = { ...Object.fromEntries(defaults), ...set }
  const holds = (name: string) => truth(template.Conditions[name], parameters, template) === true
  const resources = Object.entries(template.Resources)
  const made = resources.filter(([, { Condition }]) => Condition === undefined || holds(Condition))
  const outputs = Object.entries(template.Outputs).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  )
  return {
    made: Object.fromEntries(made.map(([id, { Type }]) => [id, Type])),
    outputs: Object.fromEntries(
      outputs.map(([name, { Value }]) => [name, decided(Value, holds, parameters)]),
    ),
    refusals: Object.values(template.Rules).flatMap(rule => listRefusals(rule as Rule, parameters, template)),
  }
}

interface Rule {
  readonly RuleCondition?: unknown
  readonly Assertions: readonly { readonly Assert: unknown; readonly AssertDescription: string }[]
}

function listRefusals({ RuleCondition, Assertions }: Rule, parameters: Parameters, template: StackTemplate) {
  if (RuleCondition !== undefined && !truth(RuleCondition, parameters, template)) return []
  const broken = Assertions.filter(({ Assert }) => !truth(Assert, parameters, template))
  return broken.map(({ AssertDescription }) => AssertDescription)
}

/** Evaluates a condition, or a value within one. */
function truth(value: unknown, parameters: Parameters, template: StackTemplate): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [[name, argument] = []] = Object.entries(value)
  const all = (list: unknown) => (list as unknown[]).map(value => truth(value, parameters, template))
  if (name === 'Ref') return parameters[argument]
  if (name === 'Condition') return truth(template.Conditions[argument], parameters, template)
  if (name === 'Fn::Equals') return new Set(all(argument)).size === 1
  if (name === 'Fn::Not') return all(argument)[0] !== true
  if (name === 'Fn::And') return all(argument).every(value => value === true)
  if (name === 'Fn::Or') return all(argument).some(value => value === true)
  throw new Error(`no condition: ${JSON.stringify(value)}`)
}

/** Replaces `Fn::If` and references to parameters by their values. */
function decided(value: unknown, holds: (name: string) => boolean, parameters: Parameters): unknown {
  const branch = (value as { readonly 'Fn::If'?: readonly [string, unknown, unknown] })?.['Fn::If']
  if (branch) return decided(holds(branch[0]) ? branch[1] : branch[2], holds, parameters)
  const { Ref } = value as { readonly Ref?: string }
  return Ref !== undefined && Ref in parameters ? parameters[Ref] : value
}
