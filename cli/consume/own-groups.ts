/** The consumer groups of Sluice's own functions: a member that joins one takes records away from the function. Pure. */
import { type DeclaredFunction, topicsRead } from '../../lib/app/functions.ts'

/** Takes the place of an environment's name: no function has it in its own. */
const ANY_ENV = '*'

/** The function whose group this is, in any environment; undefined if it is another group. */
export function functionOfGroup(group: string, functions: readonly DeclaredFunction[]): string | undefined {
  const isOwn = (own: string) => {
    const [before = '', after] = own.split(ANY_ENV)
    if (after === undefined) return group === before
    const env = group.slice(before.length, group.length - after.length)
    return group.startsWith(before) && group.endsWith(after) && /^[a-z0-9-]+$/.test(env)
  }
  return functions.find(declared => topicsRead(declared, ANY_ENV).some(read => isOwn(read.group)))?.name
}
