/** Dependencies between the resources of a template. Pure. */

/**
 * Returns the logical ids that a resource depends on, directly or indirectly, by `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`. Includes
 * the
 * resource itself.
 *
 * @param resources resources of the template
 */
export function neededBy(resources: Readonly<Record<string, object>>, id: string): ReadonlySet<string> {
  const needed = new Set<string>()
  const waiting = [id]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // Parameters and pseudo parameters such as AWS::Region are referenced in the same way.
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
    // `${!Word}` is an escaped literal.
    case 'Fn::Sub':
      return [...first.matchAll(/\$\{([^!}.]+)/g)].map(([, name = '']) => name)
    default:
      return []
  }
}
