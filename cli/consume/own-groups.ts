/**
 * Recognizes the consumer groups of Sluice's functions. Other members must not join these groups, because the function would no
 * longer receive all records. Pure.
 */
import { type DeclaredFunction, topicsRead } from '../../lib/app/functions.ts'

/** Placeholder for the name of an environment. It must not be a character that occurs in names of functions. */
const ANY_ENV = '*'

/** Returns the function to which a group belongs in any environment; undefined for other groups. */
export function functionOfGroup(group: string, functions: readonly DeclaredFunction[]): string | undefined {
  const isOwn = (own: string) => {
    const [before = '', after] = own.split(ANY_ENV)
    if (after === undefined) return group === before
    const env = group.slice(before.length, group.length - after.length)
    return group.startsWith(before) && group.endsWith(after) && /^[a-z0-9-]+$/.test(env)
  }
  return functions.find(declared => topicsRead(declared, ANY_ENV).some(read => isOwn(read.group)))?.name
}
