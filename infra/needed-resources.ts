/** Which resources of a template another one cannot be made without. Pure. */

/**
 * The logical ids that a resource needs, with its own: by `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`, directly or through others.
 *
 * @param resources those of the template
 */
export function neededBy(resources: Readonly<Record<string, object>>, id: string): ReadonlySet<string> {
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
