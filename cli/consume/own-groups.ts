/** The consumer groups of Sluice's own functions: a member that joins one takes records away from the function. Pure. */
import { groupName } from '../../lib/app/topics.ts'

/** Takes the place of an environment's name: no function has it in its own. */
const ANY_ENV = '*'

/** The function whose group this is, in any environment; undefined if it is another group. */
export function functionOfGroup(group: string, functions: readonly string[]): string | undefined {
  return functions.find(name => {
    const [before = '', after = ''] = groupName(name, ANY_ENV).split(ANY_ENV)
    const env = group.slice(before.length, group.length - after.length)
    return group.startsWith(before) && group.endsWith(after) && /^[a-z0-9-]+$/.test(env)
  })
}
