/**
 * Consumer groups of Sluice's functions. A member that joins one takes records away from the function. Pure.
 */
import { groupName } from '../../lib/app/topics.ts'

/** Placeholder for the name of an environment. It does not occur in names of functions. */
const ANY_ENV = '*'

/** Returns the function whose group this is, in any environment; undefined for another group. */
export function functionOfGroup(group: string, functions: readonly string[]): string | undefined {
  return functions.find(name => {
    const [before = '', after = ''] = groupName(name, ANY_ENV).split(ANY_ENV)
    const env = group.slice(before.length, group.length - after.length)
    return group.startsWith(before) && group.endsWith(after) && /^[a-z0-9-]+$/.test(env)
  })
}
