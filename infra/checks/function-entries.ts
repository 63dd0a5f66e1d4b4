/** Checks function entries of serverless.yml. Pure. */
import {
  type FunctionKeys,
  isConsumer,
  parseFunctions,
  READING_DEFAULTS,
} from '../../control/environment/functions.ts'
import { suggestion } from '../../lib/support/suggestion.ts'

const READING_KEYS = Object.keys(READING_DEFAULTS) as (keyof typeof READING_DEFAULTS)[]

/**
 * Returns errors that the schema cannot detect because they concern several keys, one sentence each.
 *
 * @param inputs names of all inputs
 */
export function findEntryProblems(
  entries: Readonly<Record<string, FunctionKeys>>,
  inputs: readonly string[] = [],
): string[] {
  return parseFunctions(entries).flatMap(declared => {
    const { name, forwards, schedule, uses } = declared
    const where = `functions.${name} of serverless.yml`
    const isForwarder = forwards.length > 0
    const problems: string[] = findInputKeyProblems(name, entries, inputs).map(
      problem => `${where}: ${problem}`,
    )
    if (!isConsumer(declared))
      for (const key of READING_KEYS.filter(key => entries[name]?.[key] !== undefined))
        problems.push(`${where}: ${key} configures the reading of topics, but consumes is missing.`)
    if (isConsumer(declared) && !uses.includes('redis'))
      problems.push(`${where}: a consumer keeps its state in Redis, so it must have uses: [redis].`)
    if (isForwarder && !uses.includes('redis'))
      problems.push(`${where}: a forwarder keeps its cursors in Redis, so it must have uses: [redis].`)
    if (isForwarder && !schedule)
      problems.push(`${where}: a forwarder is invoked by a schedule, so it must have one.`)
    if (isForwarder && isConsumer(declared))
      problems.push(`${where}: a function either consumes or forwards, not both.`)
    return problems
  })
}

/** Returns errors in the keys for inputs. Each input is read by exactly one function, whose consumer reads nothing else. */
function findInputKeyProblems(
  name: string,
  entries: Readonly<Record<string, FunctionKeys>>,
  inputs: readonly string[],
): string[] {
  const { consumes = [], inputs: named = [] } = entries[name] ?? {}
  const words = [consumes].flat()
  const own = [named].flat()
  const others = Object.entries(entries).filter(([other]) => other !== name)
  const isRest = words.includes('inputs') && own.length === 0
  return [
    ...(own.length > 0 && !words.includes('inputs') ? ['inputs needs consumes: inputs.'] : []),
    ...(words.includes('inputs') && words.length > 1
      ? ['it consumes inputs, and nothing else beside them: declare a function for the other topics.']
      : []),
    ...(isRest &&
    others.some(([, one]) => [one.consumes].flat().includes('inputs') && one.inputs === undefined)
      ? ['two functions consume all other inputs: name those of one of them with inputs.']
      : []),
    ...own.flatMap(topic => {
      const other = others.find(([, one]) => [one.inputs ?? []].flat().includes(topic))?.[0]
      if (other !== undefined) return [`${topic} is an input of ${other} already.`]
      if (inputs.includes(topic)) return []
      return [`"${topic}" is not an input.${suggestion(topic, inputs) ?? ''} The list is config/inputs.yaml.`]
    }),
  ]
}
