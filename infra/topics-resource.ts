/** The custom resource of a deployment that creates and changes topics before anything else changes. Pure. */

import { consumersOf, type DeclaredFunction } from '../lib/app/functions.ts'
import { SIGNALS, type Signal, topicNames } from '../lib/app/topics.ts'

/** Logical id of the resource. */
export const TOPICS_RESOURCE = 'SluiceTopics'

/** The part of a template that is looked at and changed here. */
export interface Template {
  readonly Resources: Record<string, TemplateResource>
}

interface TemplateResource {
  readonly Type: string
  readonly Properties?: object
  DependsOn?: string | readonly string[]
}

interface TopicsResourceParts {
  readonly env: string
  /** Every function that is deployed. */
  readonly functions: readonly DeclaredFunction[]
  /** The logical id of a function's Lambda function. */
  logicalId(name: string): string
  /** When the package was made, in milliseconds since the epoch: of two deployments, the one with less is the older. */
  readonly packagedAtMs: number
}

/**
 * After that many seconds without an answer the deployment fails. The function answers before its own time is over, so this is for
 * one that could not be started at all; CloudFormation would wait an hour.
 */
const SERVICE_TIMEOUT = 600

/**
 * Adds the resource to a template that is complete, and has everything wait for it but the function that it calls and what that needs.
 * So a deployment whose topics are refused has changed nothing else: no code, no role, no trigger. Without a function that manages
 * topics, nothing is added.
 *
 * @returns the logical ids of the resources that wait
 */
export function addTopicsResource(template: Template, parts: TopicsResourceParts): string[] {
  const manager = parts.functions.find(({ uses }) => uses.includes('topics'))
  if (!manager) return []
  const lambda = parts.logicalId(manager.name)
  const first = neededBy(template.Resources, lambda)
  // Waiting resources are not needed by earlier ones, so this makes no cycle.
  const waiting = Object.entries(template.Resources).filter(([id]) => !first.has(id))
  for (const [, resource] of waiting)
    resource.DependsOn = [...new Set([resource.DependsOn ?? [], TOPICS_RESOURCE].flat())]
  template.Resources[TOPICS_RESOURCE] = topicsResource(lambda, parts)
  return waiting.map(([id]) => id)
}

function topicsResource(
  lambda: string,
  { env, functions, packagedAtMs }: TopicsResourceParts,
): TemplateResource {
  return {
    Type: 'Custom::SluiceTopics',
    Properties: {
      ServiceToken: { 'Fn::GetAtt': [lambda, 'Arn'] },
      ServiceTimeout: SERVICE_TIMEOUT,
      Environment: env,
      // A new value for each package, so each deployment looks at the topics. It also distinguishes a returning older one from a
      // newer one.
      PackagedAt: String(packagedAtMs),
      // The next deployment compares its names with these.
      Names: topicNames(env),
      Readers: Object.fromEntries(
        SIGNALS.map(signal => [signal, readersOf(functions, signal)] as const).filter(
          ([, readers]) => readers.length > 0,
        ),
      ),
    },
  }
}

/** Consumers of the topic, and forwarders. */
export function readersOf(functions: readonly DeclaredFunction[], signal: Signal): string[] {
  const forwarders = functions.filter(({ forwards }) => forwards.includes(signal)).map(({ name }) => name)
  return [...consumersOf(functions, signal), ...forwarders]
}

/**
 * The logical ids that a resource needs, with its own: by `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`, directly or through others.
 *
 * @param resources those of the template
 */
function neededBy(resources: Readonly<Record<string, object>>, id: string): ReadonlySet<string> {
  const needed = new Set<string>()
  const waiting = [id]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // A parameter, or AWS::Region, is named in the same way.
    if (needed.has(next) || !Object.hasOwn(resources, next)) continue
    needed.add(next)
    waiting.push(...referencesIn(resources[next]))
  }
  return needed
}

function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [...namedBy(key, inner), ...referencesIn(inner)])
}

function namedBy(key: string, value: unknown): readonly string[] {
  const texts = [value].flat().filter(one => typeof one === 'string')
  const [first = ''] = texts
  switch (key) {
    case 'Ref':
    case 'DependsOn':
      return texts
    // Both forms: ["Id", "Attribute"] and "Id.Attribute".
    case 'Fn::GetAtt':
      return first.split('.').slice(0, 1)
    // `${!Word}` stands for itself.
    case 'Fn::Sub':
      return [...first.matchAll(/\$\{([^!}.]+)/g)].map(([, name = '']) => name)
    default:
      return []
  }
}
