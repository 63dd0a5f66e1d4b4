/** Custom resource that creates and changes topics before a deployment changes anything else. Pure. */

import { type DeclaredFunction, listReaders } from '../../control/environment/functions.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import { SIGNALS } from '../../lib/app/naming/topic-table.ts'

/** Logical id of the resource. */
const TOPICS_RESOURCE = 'SluiceTopics'

/** Parts of a template that are read and changed here. */
export interface Template {
  readonly Resources: Record<string, TemplateResource>
}

interface TemplateResource {
  readonly Type: string
  readonly Properties?: object
  DependsOn?: string | readonly string[]
}

interface TopicsResourceParts extends Named {
  /** Topics of other applications that the environment reads. */
  readonly inputs?: readonly string[]
  /** All deployed functions. */
  readonly functions: readonly DeclaredFunction[]
  /** Returns the logical id of a function. */
  logicalId(name: string): string
  /** Time of packaging, in epoch milliseconds. It shows which of two deployments is older. */
  readonly packagedAtMs: number
}

/**
 * Time in seconds after which the deployment fails if the function has not responded. A running function responds before its own
 * timeout, so this limit is reached only if the function cannot be started. CloudFormation's default is one hour.
 */
const SERVICE_TIMEOUT = 600

/**
 * Adds the resource to a complete template. All other resources wait for it, except the function that it calls and that function's
 * dependencies. If the topic changes are rejected, the deployment therefore fails before it changes code, roles or triggers. If no
 * function manages topics, nothing is added.
 *
 * @returns the logical ids of the resources that wait
 */
export function addTopicsResource(template: Template, parts: TopicsResourceParts): string[] {
  const manager = parts.functions.find(({ uses }) => uses.includes('topics'))
  if (!manager) return []
  const lambda = parts.logicalId(manager.name)
  const first = listDependencies(template.Resources, lambda)
  // This does not create a cycle of dependencies, because the dependencies of the function do not wait.
  const waiting = Object.entries(template.Resources).filter(([id]) => !first.has(id))
  for (const [, resource] of waiting)
    resource.DependsOn = [...new Set([resource.DependsOn ?? [], TOPICS_RESOURCE].flat())]
  template.Resources[TOPICS_RESOURCE] = buildTopicsResource(lambda, parts)
  return waiting.map(([id]) => id)
}

function buildTopicsResource(
  lambda: string,
  { env, names, functions, packagedAtMs, inputs = [] }: TopicsResourceParts,
): TemplateResource {
  return {
    Type: 'Custom::SluiceTopics',
    Properties: {
      ServiceToken: { 'Fn::GetAtt': [lambda, 'Arn'] },
      ServiceTimeout: SERVICE_TIMEOUT,
      Environment: env,
      // This value differs for each package, so that each deployment updates the topics. It also shows whether a package is older
      // than the deployed one.
      PackagedAt: String(packagedAtMs),
      // The next deployment compares its topic names with these.
      Names: names.topicNames(env),
      ...(inputs.length > 0 ? { Inputs: inputs } : {}),
      Readers: Object.fromEntries(
        SIGNALS.map(signal => [signal, listReaders(functions, signal)] as const).filter(
          ([, readers]) => readers.length > 0,
        ),
      ),
    },
  }
}

/**
 * Returns the logical ids that a resource depends on, directly or indirectly, by `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`.
 * Includes the resource itself.
 *
 * @param resources resources of the template
 */
function listDependencies(resources: Readonly<Record<string, object>>, id: string): ReadonlySet<string> {
  const needed = new Set<string>()
  const waiting = [id]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // Parameters and pseudo parameters such as AWS::Region are referenced in the same way.
    if (needed.has(next) || !Object.hasOwn(resources, next)) continue
    needed.add(next)
    waiting.push(...listReferences(resources[next]))
  }
  return needed
}

function listReferences(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(listReferences)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...parseReferences(key, inner),
    ...listReferences(inner),
  ])
}

function parseReferences(key: string, value: unknown): readonly string[] {
  const texts = [value].flat().filter(part => typeof part === 'string')
  const [first = ''] = texts
  switch (key) {
    case 'Ref':
    case 'DependsOn':
      return texts
    // Fn::GetAtt has two forms: ["Id", "Attribute"] and "Id.Attribute".
    case 'Fn::GetAtt':
      return first.split('.').slice(0, 1)
    // `${!Word}` is an escaped literal.
    case 'Fn::Sub':
      return [...first.matchAll(/\$\{([^!}.]+)/g)].map(([, name = '']) => name)
    default:
      return []
  }
}
