/** Lua scripts, and the parts that they share. Each script is defined as a constant next to the only call that uses it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { withLayout } from './layout.ts'

/** A Lua script with its SHA-1, by which a server identifies a loaded script. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

/** Returns the text of a file in `lua/`. The bundler replaces each call with the text, see `packaging`. */
export function lua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

/** Assembles a script. Names of layout constants are replaced by their values. @param parts Lua code of the parts, in order */
export function script(...parts: readonly string[]): Script {
  const lua = withLayout(parts.join(''))
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}

export const PARTITION_STATE = lua('partition-state')
export const EVICTED_PART = lua('evicted-part')

export const COMPARE_AND_SET = script(lua('compare-and-set'))
