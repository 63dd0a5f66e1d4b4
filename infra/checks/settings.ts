/** What the functions would make of their environment when they start. Pure. */
import { ConfigError, readConfig } from '../../lib/config.ts'

/** The variables of a function, as the template has them: texts, and what CloudFormation fills in. */
type Variables = Readonly<Record<string, unknown>>

/**
 * Every fault that a function would find in its configuration, by the variable's name, each once.
 *
 * @param functions the environments by the functions' names
 */
export function settingsProblems(functions: Readonly<Record<string, Variables>>, region: string): string[] {
  const found = new Map<string, string[]>()
  for (const [name, variables] of Object.entries(functions))
    for (const fault of faultsOf({ AWS_REGION: region, ...variables }))
      found.set(fault, [...(found.get(fault) ?? []), name])
  const all = Object.keys(functions).length
  return [...found].map(([fault, names]) =>
    names.length === all ? `${fault}.` : `${fault} (in ${names.join(', ')}).`,
  )
}

function faultsOf(variables: Variables): readonly string[] {
  const texts = Object.entries(variables).filter(([, value]) => typeof value !== 'object')
  const filledInLater = Object.keys(variables).filter(name => typeof variables[name] === 'object')
  try {
    readConfig(Object.fromEntries(texts.map(([name, value]) => [name, String(value)])))
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.filter(fault => !filledInLater.some(name => fault.split(/[ :]/).includes(name)))
  }
}
